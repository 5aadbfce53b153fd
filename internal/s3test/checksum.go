package s3test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

// crc64NVME is CRC-64/NVME's polynomial, 0xad93d23594c93659, with its bits reversed as hash/crc64 wants it.
const crc64NVME = 0x9a6c9329ac4bc9b5

// checksums are S3's algorithms by the end of their headers' names; the XXHash ones are not known here.
var checksums = map[string]func() hash.Hash{
	"Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(crc64NVME)) },
	"Md5":       md5.New,
	"Sha1":      sha1.New,
	"Sha256":    sha256.New,
	"Sha512":    sha512.New,
}

// checkSums compares the body with Content-MD5 and X-Amz-Checksum-…, as headers or as what the trailer had; false when
// there was none.
func (q *request) checkSums() (bool, error) {
	const prefix = "X-Amz-Checksum-"
	found := false
	if q.s3.name == "CopyObject" { // S3A of Hadoop 3.3 sends along what the source was uploaded with
		return false, nil
	}
	for name := range q.http.Header {
		algorithm, ok := strings.CutPrefix(name, prefix)
		if name == "Content-Md5" {
			algorithm, ok = "Md5", true
		}
		switch {
		case !ok, algorithm == "Algorithm", algorithm == "Type", algorithm == "Mode":
			continue
		case name != "Content-Md5" && q.s3.name == "CompleteMultipartUpload": // the object's, not the body's
			continue
		}
		start, known := checksums[algorithm]
		if !known {
			return false, refuse(http.StatusNotImplemented, "NotImplemented",
				"A header you provided implies functionality that is not implemented: %s", strings.ToLower(name))
		}
		found = true
		sum := start()
		sum.Write(q.body)
		want, got := base64.StdEncoding.EncodeToString(sum.Sum(nil)), q.http.Header.Get(name)
		switch {
		case got == want:
		case len(got) != len(want):
			return false, refuse(http.StatusBadRequest, "InvalidDigest", "The %s you specified was invalid.", strings.ToLower(name))
		default:
			return false, refuse(http.StatusBadRequest, "BadDigest",
				"The %s you specified did not match the calculated checksum.", strings.ToUpper(algorithm))
		}
	}
	return found, nil
}
