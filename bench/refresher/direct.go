package main

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// direct is what no chain can do without: one AssumeRoleWithWebIdentity and one AssumeRole, by the SDK that rolechain uses,
// in a process that runs already, over one connection, with nobody to hand the session to.
func (c *cluster) direct(ctx context.Context) *contender {
	return &contender{name: "the two calls alone", calls: 2, once: func() (milliseconds, error) {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		began := time.Now()
		client := sts.New(sts.Options{Region: region, BaseEndpoint: &c.sts.URL, HTTPClient: &http.Client{Transport: transport}, Retryer: aws.NopRetryer{}})
		name := aws.String("spark-pi-driver")
		first, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(jobRole), RoleSessionName: name, WebIdentityToken: &c.token})
		if err != nil {
			return 0, err
		}
		from := credentials.NewStaticCredentialsProvider(*first.Credentials.AccessKeyId, *first.Credentials.SecretAccessKey, *first.Credentials.SessionToken)
		_, err = client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(clientRole), RoleSessionName: name},
			func(o *sts.Options) { o.Credentials = from })
		return float64(time.Since(began)) / 1e6, err
	}}
}
