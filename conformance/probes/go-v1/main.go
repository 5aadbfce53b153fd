// Probe is the AWS SDK for Go v1 as a probe: one client.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/s3"
)

func main() {
	made, failed := session.NewSession()
	var client *s3.S3
	if failed == nil {
		client = s3.New(made)
	}
	answers := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		err := failed
		if err == nil {
			_, err = client.ListBuckets(&s3.ListBucketsInput{})
		}
		answer := map[string]string{"key": "*"}
		if err != nil {
			answer["error"] = strings.Join(strings.Fields(err.Error()), " ")
		}
		answers.Encode(answer)
	}
}
