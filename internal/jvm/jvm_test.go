package jvm

import (
	"slices"
	"testing"
)

func TestLeading(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                nil,
		"-Xmx1g -Duser.home=/x":           nil,
		"-Daws.region=eu-west-1":          nil,
		"-XX:OnError='-Daws.profile=a b'": nil,
		"-Daws.profile":                   {"-Daws.profile"},
		"-Xss2m\t-Daws.profile=dev -Daws.accessKeyId=AKIA": {"-Daws.profile", "-Daws.accessKeyId"},
		`-Dpath=C:\x\ -Daws.profile=dev`:                   {"-Daws.profile"},
		"#x -Xmx1g\v-Daws.roleArn=x\n-Daws.profile=y":      {"-Daws.roleArn", "-Daws.profile"},
		`"-Daws.profile"=dev -D'aws.roleArn'=x "-Daws.`:    {"-Daws.profile", "-Daws.roleArn"},
		`"-Daws.secretAccessKey=a b" '-Daws.roleArn=x'`:    {"-Daws.secretAccessKey", "-Daws.roleArn"},
	} {
		if got := Leading(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
