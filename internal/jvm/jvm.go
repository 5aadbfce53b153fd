// Package jvm knows the options of a JVM by which the AWS SDKs for Java find credentials before anything else.
package jvm

import (
	"slices"
	"strings"

	"rolechain/internal/shell"
)

// Variables are those from which a JVM takes options, whoever starts it.
var Variables = []string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}

// credentials are the system properties that both SDKs, or one of them, read before environment, files and endpoint.
var credentials = []string{
	"aws.profile", "aws.accessKeyId", "aws.secretKey", "aws.secretAccessKey", "aws.sessionToken",
	"aws.roleArn", "aws.roleSessionName", "aws.webIdentityTokenFile", "aws.configFile", "aws.sharedCredentialsFile",
	"aws.containerCredentialsPath", "aws.containerCredentialsFullUri", "aws.containerAuthorizationToken", "aws.containerAuthorizationTokenFile", "aws.containerServiceEndpoint",
}

// Leading returns the options in text, without their values, that lead an SDK to other credentials: -Daws.profile and the like.
func Leading(text string) []string {
	var list []string
	for _, option := range shell.Split(text) {
		if Leads(option) {
			name, _, _ := strings.Cut(option, "=")
			list = append(list, name)
		}
	}
	return list
}

// Leads reports whether one option leads an SDK to other credentials.
func Leads(option string) bool {
	name, _, _ := strings.Cut(option, "=")
	name, is := strings.CutPrefix(name, "-D")
	return is && slices.Contains(credentials, name)
}
