// Package jobs are the cases of examples/spark with all that is around a job, for the suites that run them: the strict STS
// of internal/ststest, moto's S3 and SQS behind the gate of internal/s3test with what the jobs read, and what has to be
// there afterwards. Where names lead to these servers, and who runs the job, is the suites'.
//
// A case lasts over several sessions because the gate holds back some answers until every session that there is has ended
// (hold.go): whatever comes next needs a new one.
package jobs

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

// Accounts, roles and what they own, in a region whose S3 is the one that an SDK without a region asks.
const (
	Region = "us-east-1"

	BaseARN   = "arn:aws:iam::111111111111:role/job-execution-role-1"
	ClientARN = "arn:aws:iam::222222222222:role/client-role-2"
	SecondARN = "arn:aws:iam::333333333333:role/client-role-3"

	JobBucket    = "jobs-111111111111"
	ClientBucket = "data-222222222222"
	SecondBucket = "data-333333333333"
	LogBucket    = "logs" // the log shipper's
	QueueName    = "rows"
)

// Deliveries, and what is in their place in a run that has to fail.
const (
	Profile  = "profile"
	File     = "file"
	Endpoint = "endpoint"

	None = "none" // what EKS injects, and the original entrypoint
)

// AWS's names of what a job asks.
var (
	STSNames = []string{"sts.amazonaws.com", "sts." + Region + ".amazonaws.com"}
	SQSNames = []string{"sqs." + Region + ".amazonaws.com", Region + ".queue.amazonaws.com", "queue.amazonaws.com"}
)

// S3Names are those of S3, with a name for each bucket.
func S3Names() (list []string) {
	for _, service := range []string{"s3.amazonaws.com", "s3." + Region + ".amazonaws.com", "s3-" + Region + ".amazonaws.com"} {
		list = append(list, service)
		for _, b := range []string{JobBucket, ClientBucket, SecondBucket, LogBucket} {
			list = append(list, b+"."+service)
		}
	}
	return list
}

// A World is all that a job needs and that is not its own.
type World struct {
	Root     string // of the repository
	Build    string // build/spark-e2e
	Work     string // folder for logs and what is made for the run
	Spark    string // a version
	Delivery string
	Number   int // tells worlds apart that are in one network at the same time

	Plan Plan            `json:"-"`
	STS  *ststest.Server `json:"-"`
	Gate *s3test.Gate    `json:"-"`
	Hold *Hold           `json:"-"`
	Moto Moto            `json:"-"`

	Services *Services `json:"-"`
}

// motoPort is the one of the world with the number 0.
const motoPort = 5000

// SparkDir is where install.sh has put the Spark.
func (w *World) SparkDir() string { return filepath.Join(w.Build, "spark-"+w.Spark) }

// Program is the URI of the job's own file.
func (w *World) Program() string { return "s3a://" + JobBucket + "/" + w.Plan.Program }

// Begin starts moto, fills it, and makes the gate for the keys of w.STS, with more that is granted. Nothing but moto
// listens yet.
func (w *World) Begin(ctx context.Context, more ...s3test.Grant) (err error) {
	if w.Moto, err = startMoto(ctx, w.Build, w.Work, motoPort+w.Number); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.Moto.End()
		}
	}()
	if err := w.fill(ctx); err != nil {
		return err
	}
	w.Hold = &Hold{Times: Ends, group: w.Plan.Holds, latest: latestEnd(w.STS)}
	if w.Plan.Holds == nil {
		w.Hold.Times, w.Hold.group = 0, func(s3test.Entry) string { return "" }
	}
	allowed, err := grants(w.Root)
	if err != nil {
		return err
	}
	w.Gate, err = s3test.New(s3test.Options{STS: w.STS, Region: Region, Backend: w.Moto.URL,
		Grants: append(allowed, more...), Hold: w.Hold.until})
	if err != nil {
		return err
	}
	w.Services, err = newServices(w.Root, w.Moto.URL, w.STS, w.Hold.until)
	return err
}

// fill puts into the buckets what is there before the job: its own file, and what the case reads.
func (w *World) fill(ctx context.Context) error {
	for _, b := range []string{JobBucket, ClientBucket, SecondBucket, LogBucket} {
		if err := w.Moto.MakeBucket(ctx, b); err != nil {
			return err
		}
	}
	if err := w.Moto.MakeQueue(ctx, QueueName); err != nil {
		return err
	}
	var program []byte
	var err error
	if class := w.Plan.Java[w.Spark]; class != "" {
		program, err = w.compile(ctx, class)
	} else {
		program, err = os.ReadFile(filepath.Join(w.Root, cmp.Or(w.Plan.Folder, "examples/spark"), w.Plan.Program))
	}
	if err != nil {
		return fmt.Errorf("reading the case's program: %w", err)
	}
	if err := w.Moto.Put(ctx, JobBucket, w.Plan.Program, program); err != nil {
		return err
	}
	return w.Plan.Stock(ctx, w)
}
