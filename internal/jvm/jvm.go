// Package jvm knows the options of a JVM by which the AWS SDKs for Java find credentials before anything else.
package jvm

import (
	"slices"
	"strings"
)

// Variables are those from which a JVM takes options, whoever starts it.
var Variables = []string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}

// OfJob are Variables, and the one from which spark-submit takes options for a driver's JVM.
var OfJob = slices.Concat(Variables, []string{"SPARK_SUBMIT_OPTS"})

// credentials are the system properties that both SDKs, or one of them, read before environment, files and endpoint.
var credentials = []string{
	"aws.profile", "aws.accessKeyId", "aws.secretKey", "aws.secretAccessKey", "aws.sessionToken",
	"aws.roleArn", "aws.roleSessionName", "aws.webIdentityTokenFile", "aws.configFile", "aws.sharedCredentialsFile",
	"aws.containerCredentialsPath", "aws.containerCredentialsFullUri", "aws.containerAuthorizationToken", "aws.containerAuthorizationTokenFile", "aws.containerServiceEndpoint",
}

// Leading returns the options in text, without their values, that lead an SDK to other credentials: -Daws.profile and the like.
func Leading(text string) []string {
	var list []string
	for _, option := range Options(text) {
		if Leads(option) {
			name, _, _ := strings.Cut(option, "=")
			list = append(list, name)
		}
	}
	return list
}

// Options returns the options in the value of a variable as a JVM splits them (HotSpot's Arguments::parse_options_buffer): at blanks that
// are not in quotes, which it takes off. Unlike a shell it knows no escapes and no comments.
func Options(text string) []string {
	var list []string
	for rest := text; ; {
		rest = strings.TrimLeft(rest, blanks)
		if rest == "" {
			return list
		}
		option := ""
		for rest != "" && strings.IndexByte(blanks, rest[0]) < 0 {
			end := strings.IndexAny(rest, blanks+`'"`)
			if end < 0 {
				end = len(rest)
			}
			option, rest = option+rest[:end], rest[end:]
			if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
				quoted, behind, _ := strings.Cut(rest[1:], rest[:1])
				option, rest = option+quoted, behind
			}
		}
		list = append(list, option)
	}
}

const blanks = " \t\n\v\f\r"

// Leads reports whether one option leads an SDK to other credentials.
func Leads(option string) bool {
	name, _, _ := strings.Cut(option, "=")
	name, is := strings.CutPrefix(name, "-D")
	return is && slices.Contains(credentials, name)
}
