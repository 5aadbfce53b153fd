package data

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"rolechain/internal/chain"
	"rolechain/internal/refusal"
	"rolechain/internal/settings"
)

// A Bucket is a bucket and a prefix in it.
type Bucket struct{ Name, Prefix string }

func (b Bucket) String() string { return "s3://" + b.Name + "/" + b.Prefix }

// ParseBucket reads s3://BUCKET/PREFIX, as Hadoop writes it too (s3a, s3n), or the ARN.
func ParseBucket(text string) (Bucket, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	switch part := strings.SplitN(text, ":", 6); {
	case len(part) == 6 && part[0] == "arn": // arn:PARTITION:s3:::BUCKET/PREFIX
		rest, ok = part[5], strings.HasPrefix(part[1], "aws") && part[2] == "s3" && part[3] == "" && part[4] == ""
	case scheme != "s3" && scheme != "s3a" && scheme != "s3n":
		ok = false
	}
	name, prefix, _ := strings.Cut(rest, "/")
	switch {
	case strings.Contains(text, ":accesspoint/"):
		return Bucket{}, fmt.Errorf("%q is the ARN of an access point: give its alias, as s3://ALIAS/PREFIX", text)
	case !ok || !validBucket(name):
		return Bucket{}, fmt.Errorf("%q is not a bucket: write s3://BUCKET/PREFIX", text)
	case strings.ContainsAny(prefix, "*?"):
		return Bucket{}, fmt.Errorf("%q has a wildcard in it: write the prefix alone, s3://BUCKET/PREFIX", text)
	}
	return Bucket{name, prefix}, nil
}

// validBucket reports whether name may be a bucket's: 3 to 63 lower-case letters, digits, dots and hyphens; the oldest have
// capitals and underscores as well.
func validBucket(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_", r) {
			return false
		}
	}
	return len(name) >= 3 && len(name) <= 255
}

// A bucketProbe is what is known of a bucket on the way through its steps.
type bucketProbe struct {
	*Probe
	Bucket
	client *s3.Client
	at     string             // the bucket's region
	payer  types.RequestPayer // "" unless the bucket is one with requester pays
}

// Bucket tries a bucket: its region, a list, one object; with write one object more, which it deletes.
func (p *Probe) Bucket(ctx context.Context, b Bucket, write bool) {
	t := &bucketProbe{Probe: p, Bucket: b, at: p.region()}
	if !t.locate(ctx) {
		p.Skip(b.String(), t.steps(write)...)
		return
	}
	object, listed := t.list(ctx)
	t.read(ctx, object, listed)
	if write {
		t.write(ctx)
	}
}

func (t *bucketProbe) steps(write bool) []string {
	if write {
		return []string{"list", "read", "write", "read back", "delete"}
	}
	return []string{"list", "read"}
}

// SkipBucket says that nothing of a bucket was tried.
func (p *Probe) SkipBucket(b Bucket, write bool) {
	p.Skip(b.String(), append([]string{"bucket"}, (*bucketProbe)(nil).steps(write)...)...)
}

func (t *bucketProbe) newClient() *s3.Client {
	o := s3.Options{
		Region: t.at, Credentials: t.Sign, HTTPClient: t.Services.HTTP, Retryer: retryer(), AppID: "rolechain",
		RequestChecksumCalculation:                aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation:                aws.ResponseChecksumValidationWhenRequired,
		DisableLogOutputChecksumValidationSkipped: true,
	}
	if url := t.Services.Endpoints["s3"]; url != "" {
		o.BaseEndpoint = &url
		// A name before the host is for AWS's own hosts.
		o.UsePathStyle = !strings.Contains(url, ".amazonaws.com") && !strings.Contains(url, ".api.aws")
	} else {
		if t.Services.FIPS {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if t.Services.DualStack {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	}
	return s3.New(o)
}

// locate finds the bucket's region. Every answer of S3's has it, a refusal too.
func (t *bucketProbe) locate(ctx context.Context) bool {
	l := Line{Step: "bucket", Target: t.String()}
	own := t.at
	t.client = t.newClient()
	out, err := call(ctx, t.client.HeadBucket, &s3.HeadBucketInput{Bucket: &t.Name})
	region, a := "", answerOf(err)
	if err == nil {
		region = aws.ToString(out.BucketRegion)
	} else {
		region = a.region
	}
	switch {
	case a.status == 404:
		t.fail(l, err, refusal.Call{Service: "S3"}, "there is no bucket of this name in any account: look at its spelling")
		return false
	case err != nil && region == "" && (a.status == 0 || a.passing() || a.status == 400):
		t.fail(l, err, refusal.Call{Service: "S3"}, "")
		return false
	case region == "":
		l.Text = "S3 does not say in which region it is; " + own + " is tried"
	case region == own:
		l.Text = "in " + region
	default:
		l.Text = fmt.Sprintf("in %s, while the pod's region is %s: clients must be made for %s, or follow the redirect (S3A: fs.s3a.bucket.%s.endpoint.region)", region, own, region, t.Name)
		t.at = region
		t.client = t.newClient()
	}
	t.Say(l)
	return true
}

// needs describes a call on the bucket, or on its objects. What a job needs is the whole prefix, and nothing besides.
func (t *bucketProbe) needs(action string, objects bool) refusal.Call {
	c := refusal.Call{Role: t.Role, Action: action, Service: "s3", Attached: "the bucket policy of " + t.Name}
	arn := "arn:" + partition(t.Role) + ":s3:::" + t.Name
	switch {
	case objects:
		arn += "/" + t.Prefix + "*"
	case t.Prefix != "":
		c.If = refusal.Condition{"StringLike": {"s3:prefix": t.Prefix + "*"}}
	}
	c.Resources = []string{arn}
	return c
}

// list lists the prefix, and returns the key of an object in it; "" when there is none.
func (t *bucketProbe) list(ctx context.Context) (key string, listed bool) {
	l := Line{Step: "list", Target: t.String()}
	in := &s3.ListObjectsV2Input{Bucket: &t.Name, Prefix: &t.Prefix, MaxKeys: aws.Int32(20)}
	out, err := call(ctx, t.client.ListObjectsV2, in)
	if err != nil && answerOf(err).refused() {
		// Whether the requester has to pay cannot be asked for without a permission of its own.
		in.RequestPayer = types.RequestPayerRequester
		if paid, again := call(ctx, t.client.ListObjectsV2, in); again == nil {
			t.payer, out = in.RequestPayer, paid
			l.Text = "the requester pays for this bucket"
			t.failAs(l, err, refusal.Explanation{Causes: []string{"a request must say that it pays; the same call passed when it did. In Hadoop set fs.s3a.requester.pays.enabled=true, in SDKs RequestPayer to requester"}})
			return anyKey(out), true
		}
	}
	if err != nil {
		t.fail(l, err, t.needs("s3:ListBucket", false), "")
		return "", false
	}
	if key = anyKey(out); key == "" {
		l.Text = "no object is there"
	} else {
		l.Text = fmt.Sprintf("%d objects or more, among them %q", len(out.Contents), chain.Clean(key))
		if !aws.ToBool(out.IsTruncated) {
			l.Text = fmt.Sprintf("%d objects, among them %q", len(out.Contents), chain.Clean(key))
		}
	}
	t.Say(l)
	return key, true
}

// anyKey returns the key of an object that has a byte to read, or else of any.
func anyKey(out *s3.ListObjectsV2Output) (key string) {
	for _, o := range out.Contents {
		if aws.ToInt64(o.Size) > 0 {
			return aws.ToString(o.Key)
		}
		key = aws.ToString(o.Key)
	}
	return key
}

// read reads the first byte of an object.
func (t *bucketProbe) read(ctx context.Context, key string, listed bool) {
	l := Line{Step: "read", Target: t.String()}
	guessed := key == "" && !listed && t.Prefix != "" && !strings.HasSuffix(t.Prefix, "/")
	switch {
	case guessed:
		key = t.Prefix // it may be a key
	case key == "" && listed:
		l.Skipped, l.Text = true, "there is no object to read"
	case key == "":
		l.Skipped, l.Text = true, "no object is known, since the list was refused: name one, -bucket s3://"+t.Name+"/KEY"
	}
	if l.Skipped {
		t.Say(l)
		return
	}
	l.Target = Bucket{t.Name, key}.String()
	out, err := call(ctx, t.client.GetObject, &s3.GetObjectInput{Bucket: &t.Name, Key: &key, Range: aws.String("bytes=0-0"), RequestPayer: t.payer})
	a := answerOf(err)
	switch {
	case err == nil:
		out.Body.Close()
		l.Text = "the first byte of it" + encrypted(string(out.ServerSideEncryption), aws.ToString(out.SSEKMSKeyId))
		t.Say(l)
	case a.code == "InvalidRange": // it is empty
		l.Text = "it is empty"
		t.Say(l)
	case guessed && (a.status == 404 || a.refused() && refusal.Read(a.message).Action != "s3:GetObject"):
		l.Skipped, l.Text = true, "no object is known, since the list was refused, and this may be none: "+a.words()
		t.Say(l)
	case strings.HasPrefix(a.code, "InvalidObjectState"):
		t.fail(l, err, t.needs("s3:GetObject", true), "the object is archived (Glacier): it has to be restored before it can be read")
	case strings.HasPrefix(a.code, "KMS."):
		t.failAs(l, err, refusal.Explanation{Causes: []string{"the object's key cannot be used, as AWS says: enable it, or cancel its deletion, in the account that owns it"}})
	default:
		t.denied(ctx, l, err, "s3:GetObject", key)
	}
}

func encrypted(algorithm, key string) string {
	switch {
	case key != "":
		return ", decrypted with " + key
	case algorithm != "":
		return ", encrypted by S3 (" + algorithm + ")"
	}
	return ""
}

// denied ends a step that was refused for the object or for its key.
func (t *bucketProbe) denied(ctx context.Context, l Line, err error, action, key string) {
	a := answerOf(err)
	blame := refusal.Read(a.message)
	if a.refused() && (strings.HasPrefix(blame.Action, "kms:") || strings.Contains(a.message, "ciphertext")) {
		t.failAs(l, err, t.aboutKey(ctx, blame, action, key))
		return
	}
	t.fail(l, err, t.needs(action, true), "")
}

// aboutKey explains why the key of an object or of a bucket was refused.
func (t *bucketProbe) aboutKey(ctx context.Context, blame refusal.Blame, action, object string) refusal.Explanation {
	arn := blame.Resource
	if !strings.Contains(arn, ":key/") && action == "s3:GetObject" {
		if out, err := call(ctx, t.client.HeadObject, &s3.HeadObjectInput{Bucket: &t.Name, Key: &object, RequestPayer: t.payer}); err == nil {
			arn = aws.ToString(out.SSEKMSKeyId)
		}
	}
	needs := "kms:Decrypt"
	if action == "s3:PutObject" {
		needs = "kms:GenerateDataKey"
	}
	if strings.HasPrefix(blame.Action, "kms:") {
		needs = blame.Action
	}
	c := keyCall(t.Role, needs, arn)
	c.Via = "s3." + t.at + "." + settings.Domain(t.Role)
	e := t.explain(c, blame)
	if owner := settings.Account(arn); owner == "" || owner != settings.Account(t.Role) {
		if owner == "" {
			owner = "that owns the bucket"
		}
		managed := "or the key is the default one of account " + owner + ", aws/s3: nobody can change its policy, so no other account can use it, whatever policies say. Copy the objects with a key of your own (aws s3 cp --recursive --sse aws:kms --sse-kms-key-id ARN) or with SSE-S3 (--sse AES256), and make that the bucket's default encryption"
		if blame.Policy != refusal.Identity && !blame.Explicit {
			e.Causes = append(e.Causes, managed)
		}
	}
	return e
}
