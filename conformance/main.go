// Conformance runs real, unmodified AWS SDKs as the job behind the real entrypoint, against the strict STS of
// internal/ststest, and says by evidence who each of them is, in every delivery and at every moment.
//
//	go run ./conformance [-sdk NAME]... [-connector NAME]... [-delivery NAME]... [-moment NAME]... [-write FILE] [-v]
//
// It takes root: each cell of the matrix is a pod, which is this program in a network, mount and process namespace of its
// own. There AWS's names lead to the stand-ins, by TLS and by a certificate authority that only the pod knows, and
// 169.254.169.254 is a metadata service with a node's role, so that a silent fall to it shows. No SDK is told an endpoint,
// and nothing leaves the pod. An SDK is one long-lived client that lives through all moments of its cell.
//
// # Names
//
// An SDK is a probe's folder and a variant of it, "boto3/default"; -sdk takes either. Deliveries, situations, moments and
// verdicts are in cell.go. What is expected stands in expected.txt; a surprise in either direction is a failure, and its
// message has the SDK's own words. -write writes the matrix as measured to FILE and needs a run of everything.
//
// # Probes
//
// A probe is a folder in probes/ with an executable install, called with PROBE_DIR (the folder) and PROBE_BUILD (its
// folder in build/conformance), and an executable run, the launcher, called with the variant. The launcher makes one
// client. For each line on stdin it writes one line on stdout, and at the end of stdin it ends with 0:
//
//	{"key": "ASIA…"}             it resolved credentials with this access key id, or
//	{"key": "*", "error": "…"}   it made a signed request to S3: the key is what S3 saw, if it saw any, or
//	{"token": "…"}               it signed a token for a service that is not asked over HTTP; its signature is checked, or
//	{"error": "…"}               the SDK's own message
//
// A connector is a probe as well, of a library through which jobs use an SDK. connectors.txt is its table, and what is said of
// SDKs holds for it.
//
// An install that lacks what no package registry has exits with 3 and says why: its cells count as skipped, by name.
package main

import "rolechain/internal/suitetest"

func main() { suitetest.Main("conformance", podArgument, asPod, choose) }
