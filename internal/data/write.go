package data

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"rolechain/internal/refusal"
)

// writeBelow is the prefix, below the one that was named, of the object that is written.
const writeBelow = "rolechain-check/"

// write writes an object, reads it back and deletes it.
func (t *bucketProbe) write(ctx context.Context) {
	prefix := t.Prefix
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	key := prefix + writeBelow + rand.Text()
	body := "rolechain check wrote this object and deletes it.\n"
	l := Line{Step: "write", Target: Bucket{t.Name, key}.String()}
	put, err := call(ctx, t.client.PutObject, &s3.PutObjectInput{Bucket: &t.Name, Key: &key, Body: strings.NewReader(body), RequestPayer: t.payer})
	if err != nil && answerOf(err).status != 0 && !answerOf(err).passing() {
		t.denied(ctx, l, err, "s3:PutObject", key)
		t.Skip(l.Target, "read back", "delete")
		return
	}
	if err != nil {
		// The object may be there all the same.
		t.fail(l, err, t.needs("s3:PutObject", true), "")
		t.Skip(l.Target, "read back")
		t.remove(ctx, l.Target, key, "")
		return
	}
	l.Text = fmt.Sprintf("an object of %d bytes", len(body)) + encrypted(string(put.ServerSideEncryption), aws.ToString(put.SSEKMSKeyId))
	l.Text = strings.Replace(l.Text, "decrypted with", "encrypted with", 1)
	t.Say(l)
	t.readBack(ctx, l.Target, key, body)
	t.remove(ctx, l.Target, key, aws.ToString(put.VersionId))
}

func (t *bucketProbe) readBack(ctx context.Context, target, key, body string) {
	l := Line{Step: "read back", Target: target}
	out, err := call(ctx, func(ctx context.Context, in *s3.GetObjectInput, o ...func(*s3.Options)) (string, error) {
		out, err := t.client.GetObject(ctx, in, o...)
		if err != nil {
			return "", err
		}
		defer out.Body.Close()
		data, err := io.ReadAll(io.LimitReader(out.Body, 1<<10))
		return string(data), err
	}, &s3.GetObjectInput{Bucket: &t.Name, Key: &key, RequestPayer: t.payer})
	switch {
	case err != nil:
		t.denied(ctx, l, err, "s3:GetObject", key)
	case out != body:
		t.wrong(l, "it is not what was written", "something between the pod and S3 changes objects, or somebody else has written it meanwhile")
	default:
		l.Text = "it is what was written"
		t.Say(l)
	}
}

// remove deletes the object, in a bucket with versioning that version of it, so that nothing is left. It goes on although
// the check has been ended.
func (t *bucketProbe) remove(ctx context.Context, target, key, version string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout+time.Second)
	defer cancel()
	l := Line{Step: "delete", Target: target}
	in := &s3.DeleteObjectInput{Bucket: &t.Name, Key: &key, RequestPayer: t.payer}
	needs := "s3:DeleteObject"
	if version != "" && version != "null" {
		in.VersionId, needs = &version, "s3:DeleteObjectVersion"
	}
	if _, err := call(ctx, t.client.DeleteObject, in); err != nil {
		c := t.needs(needs, true)
		t.failLeft(l, err, c, version)
		return
	}
	l.Text = "nothing is left of it"
	t.Say(l)
}

// failLeft is fail for an object that could not be deleted.
func (t *bucketProbe) failLeft(l Line, err error, c refusal.Call, version string) {
	l.Text = "this object is left"
	if version != "" && version != "null" {
		l.Text = fmt.Sprintf("version %s of this object is left", version)
	}
	t.fail(l, err, c, "")
}
