package s3test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Memory is a backend for a Gate that holds a few objects and queues, for tests that do without a mock of S3. It knows
// HeadBucket, ListObjectsV2, GetObject, HeadObject, PutObject and DeleteObject, and of SQS GetQueueAttributes.
type Memory struct {
	Queues    map[string]map[string]string // attributes by name
	Versioned bool                         // each object gets a version, which alone can be deleted for good

	mu      sync.Mutex
	buckets map[string]map[string]string // contents by key, by bucket
	written int
	markers []string // "bucket/key" of deletions that left their versions
}

// Bucket makes a bucket with objects: key, content, key, content.
func (m *Memory) Bucket(name string, objects ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.buckets == nil {
		m.buckets = map[string]map[string]string{}
	}
	m.buckets[name] = map[string]string{}
	for i := 0; i+1 < len(objects); i += 2 {
		m.buckets[name][objects[i]] = objects[i+1]
	}
}

// Keys lists the objects of a bucket, and how many were ever written.
func (m *Memory) Keys(bucket string) (keys []string, written int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Concat(slices.Sorted(maps.Keys(m.buckets[bucket])), m.markers), m.written
}

func (m *Memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Header.Get("X-Amz-Target") != "" {
		m.serveQueue(w, body)
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	objects, there := m.buckets[bucket]
	content, stored := objects[key]
	switch {
	case !there:
		fail(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case key == "" && r.Method == http.MethodHead:
	case key == "":
		m.list(w, r, objects)
	case r.Method == http.MethodPut:
		objects[key] = string(body)
		m.written++
		if m.Versioned {
			w.Header().Set("X-Amz-Version-Id", fmt.Sprint("v", m.written))
		}
	case r.Method == http.MethodDelete:
		if m.Versioned && r.URL.Query().Get("versionId") == "" {
			m.markers = append(m.markers, bucket+"/"+key)
		}
		delete(objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !stored:
		fail(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	case r.Header.Get("Range") == "bytes=0-0" && content == "":
		fail(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	case r.Header.Get("Range") == "bytes=0-0":
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-0/%d", len(content)))
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, content[:1])
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		io.WriteString(w, content)
	}
}

func (m *Memory) list(w http.ResponseWriter, r *http.Request, objects map[string]string) {
	type object struct {
		Key  string
		Size int
	}
	answer := struct {
		XMLName     xml.Name `xml:"ListBucketResult"`
		IsTruncated bool
		Contents    []object
	}{}
	most, err := strconv.Atoi(r.URL.Query().Get("max-keys"))
	if err != nil {
		most = 1000 // as S3 does without it
	}
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		if !strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
			continue
		}
		if answer.IsTruncated = len(answer.Contents) == most; answer.IsTruncated {
			break
		}
		answer.Contents = append(answer.Contents, object{key, len(objects[key])})
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(answer)
}

func (m *Memory) serveQueue(w http.ResponseWriter, body []byte) {
	var asked struct{ QueueUrl string }
	_ = json.Unmarshal(body, &asked)
	attributes, there := m.Queues[asked.QueueUrl[strings.LastIndexByte(asked.QueueUrl, '/')+1:]]
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if !there {
		w.Header().Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}`)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"Attributes": attributes})
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	xml.NewEncoder(w).Encode(xmlS3Error{Code: code, Message: message})
}
