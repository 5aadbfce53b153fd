package sdktest

import (
	_ "embed"
	"testing"
)

//go:embed python/parse.py
var parsePython string

//go:embed js/parse.js
var parseJS string

// Botocore starts botocore's parser (botocore.configloader: load_config, for credentials raw_config_parse). A nested block
// is "key.sub"; a section of a config file that botocore has no use for is "section NAME". The answers depend on Python
// too: below is its configparser.
func Botocore(t testing.TB) *Parser {
	t.Helper()
	return start(t, "botocore", "", Python(t), "-I", "-c", parsePython)
}

// JS starts the parser of the AWS SDK for JavaScript v3 (loadSharedConfigFiles). A nested block is "key.sub". This SDK
// swallows its own errors and goes on without profiles: Parse then returns an empty map, never a FileError. It drops
// sections without keys.
func JS(t testing.TB) *Parser {
	t.Helper()
	node, dir := Node(t)
	return start(t, "js v3", dir, node, "-e", parseJS)
}

// JavaV1 starts the parser of the AWS SDK for Java v1 (ProfilesConfigFile), the same for both files. A profile is what
// getBasicProfile finds under the name without "profile ": [x] before [profile x]. There are no other kinds of section,
// and no nested blocks: their keys are keys of the profile.
func JavaV1(t testing.TB) *Parser {
	t.Helper()
	return startJava(t, "java v1", "v1")
}

// JavaV2 starts the parser of the AWS SDK for Java v2 (ProfileFile). A nested block is there twice: as "key.sub", and in
// "key" as a value that begins with a newline.
func JavaV2(t testing.TB) *Parser {
	t.Helper()
	return startJava(t, "java v2", "v2")
}

func startJava(t testing.TB, sdk, version string) *Parser {
	t.Helper()
	java, classpath := Java(t)
	return start(t, sdk, "", java,
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", // starts in half the time
		// v1 warns about every section it finds odd, thousands of times a run.
		"-Dorg.apache.commons.logging.Log=org.apache.commons.logging.impl.NoOpLog",
		"-cp", classpath, "Parse", version)
}
