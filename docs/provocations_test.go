package docs

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"rolechain/internal/hungtest"
	"rolechain/internal/proxytest"
	"rolechain/internal/ststest"
)

// A provocation brings the programs into a trouble of troubleshooting.md.
type provocation struct {
	name   string
	before func(p *pod)                         // the STS and the token are not there yet
	after  func(p *pod)                         // they are
	run    func(p *pod) (said string, code int) // nil: `rolechain check`
}

func check(p *pod) (string, int) { return p.run("rolechain", "check") }
func start(p *pod) (string, int) { return p.run("entrypoint", "driver") }

func set(name, value string) func(*pod) { return func(p *pod) { p.env[name] = value } }

func faulty(f ststest.Fault) func(*pod) {
	return func(p *pod) {
		if err := p.sts.Inject(f); err != nil {
			p.t.Fatal(err)
		}
	}
}

// refused has AWS's words for the second hop that the stand-in does not use.
func refused(why string) func(*pod) {
	return func(p *pod) {
		p.front = func(action string) string {
			if action != "AssumeRole" {
				return ""
			}
			return stsError("AccessDenied", "User: arn:aws:sts::111111111111:assumed-role/job-execution-role-1/spark-000000035abcdefgh-driver is not authorized to perform: sts:AssumeRole on resource: "+clientRole+" "+why)
		}
	}
}

var provocations = []provocation{
	// 64
	{name: "no such command", run: func(p *pod) (string, int) { return p.run("rolechain", "stauts") }},
	{name: "no such flag", run: func(p *pod) (string, int) { return p.run("rolechain", "spark-conf", "-relase", "emr-7.10.0") }},

	// 65
	{name: "a job that contradicts", after: func(p *pod) { p.write("job.conf", "spark.executorEnv.AWS_PROFILE dev\n") }, run: func(p *pod) (string, int) {
		return p.run("rolechain", "spark-conf", "-merge", "job.conf", "-release", "spark-4.0", "-client-role", clientRole, "-job-role", jobRole)
	}},

	// 66
	{name: "no token", before: set("ROLE_CHAIN_DELIVERY", "profile"), run: start,
		after: func(p *pod) { os.Remove(p.env["AWS_WEB_IDENTITY_TOKEN_FILE"]) }},
	{name: "no token yet", run: start, after: func(p *pod) { os.Remove(p.env["AWS_WEB_IDENTITY_TOKEN_FILE"]) }},
	{name: "empty token", run: start, after: func(p *pod) { os.Truncate(p.env["AWS_WEB_IDENTITY_TOKEN_FILE"], 0) }},

	{name: "token on a file system that hangs", run: start, after: func(p *pod) {
		p.write("mounted/token", p.sts.Token(subject))
		p.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = filepath.Join(p.home, "mounted", "token")
		hungtest.InTest(p.t, nil, filepath.Join(p.home, "mounted"))
	}},

	// 69
	{name: "no refresher", run: func(p *pod) (string, int) { return p.run("rolechain", "status") }},

	// 73
	{name: "keys in the way", before: set("ROLE_CHAIN_DELIVERY", "profile"), run: start,
		after: func(p *pod) { p.write(".aws/credentials", "[job-execution-role]\naws_access_key_id = x\n") }},
	{name: "no line of a file", run: start, after: func(p *pod) { p.write(".aws/config", "[default]\nregion us-west-2\n") }},
	{name: "one home for two", before: set("ROLE_CHAIN_START_TIMEOUT", "20s"), run: func(p *pod) (string, int) {
		p.running()
		return start(p)
	}},

	{name: "home on a file system that hangs", run: start, after: func(p *pod) {
		p.write(".aws/config", "[default]\n")
		hungtest.InTest(p.t, nil, filepath.Join(p.home, ".aws"))
	}},
	{name: "nowhere to write", run: start, before: func(p *pod) { p.env["HOME"], p.env["TMPDIR"] = "/proc", "/proc" }},

	// 75
	{name: "throttled", after: faulty(ststest.Fault{Kind: ststest.Throttle})},
	{name: "nobody there", after: func(p *pod) { p.sts.Down() }},
	{name: "no answer", after: faulty(ststest.Fault{Kind: ststest.Hang})},
	{name: "no keys", after: faulty(ststest.Fault{Kind: ststest.IDPCommunication})},
	{name: "proxy", before: func(p *pod) { p.front = func(string) string { return "<html>Forbidden</html>" } }},
	{name: "proxy's refusal", before: func(p *pod) {
		proxy := proxytest.Start(p.t, nil)
		proxy.Refuse(403)
		p.proxy = proxy.URL
	}, after: func(p *pod) { p.env["HTTPS_PROXY"], p.env["AWS_ENDPOINT_URL_STS"] = p.proxy, "https://sts.invalid" }},
	{name: "no session any more", before: func(p *pod) { p.roles[1].LifetimeSeconds = 2 }, run: func(p *pod) (string, int) {
		p.running()
		p.sts.Down()
		for {
			if said, code := p.run("rolechain", "status"); code != 0 {
				return said, code
			}
		}
	}},

	// 77, first hop
	{name: "subject", before: func(p *pod) { p.roles[0].WebIdentity.StringLike["sub"] = []string{"system:serviceaccount:spark:*"} }},
	{name: "audience", before: func(p *pod) { p.token = append(p.token, ststest.WithAudience("https://kubernetes.default.svc")) }},
	{name: "no provider", before: func(p *pod) {
		p.env["WEB_IDENTITY_ROLE_ARN"], p.env["CLIENT_ROLE_ARN"] = clientRole, jobRole
	}},
	{name: "token over", before: func(p *pod) { p.token = append(p.token, ststest.WithLifetime(-time.Minute)) }},

	// 77, second hop
	{name: "Pod Identity's tags", before: (*pod).podIdentity},
	{name: "not trusted", before: func(p *pod) { p.roles[1].TrustedBy = nil }},
	{name: "external id", before: func(p *pod) { p.roles[1].ExternalID = "x" }},
	{name: "other external id", before: func(p *pod) {
		p.roles[1].ExternalID = "x"
		p.env["ROLE_CHAIN_EXTERNAL_ID"] = "yz"
	}},
	{name: "no permission, in AWS's longer words", before: refused("because no identity-based policy allows the sts:AssumeRole action")},
	{name: "no trust, in AWS's longer words", before: refused("because no resource-based policy allows the sts:AssumeRole action")},
	{name: "denied outright", before: refused("with an explicit deny in a service control policy")},
	{name: "tags", before: set("ROLE_CHAIN_SESSION_TAGS", "team=data")},
	{name: "source identity", before: set("ROLE_CHAIN_SOURCE_IDENTITY", "alice")},
	{name: "region disabled", before: func(p *pod) {
		p.front = func(string) string {
			return stsError("RegionDisabledException", "STS is not activated in this region for account:111111111111. Your account administrator can activate STS in this region using the IAM Console.")
		}
	}},
	{name: "not opted in", before: func(p *pod) {
		p.front = func(action string) string {
			if action != "AssumeRole" {
				return ""
			}
			return stsError("InvalidClientTokenId", "The security token included in the request is invalid")
		}
	}},
	{name: "clock", before: func(p *pod) { p.now = func() time.Time { return time.Now().Add(time.Hour) } }},

	// 78
	{name: "certificate", after: func(p *pod) {
		front := httptest.NewUnstartedServer(p.sts)
		front.Config.ErrorLog = log.New(io.Discard, "", 0)
		front.StartTLS()
		p.t.Cleanup(front.Close)
		p.env["AWS_ENDPOINT_URL_STS"] = front.URL
		p.env["ROLE_CHAIN_START_TIMEOUT"] = "20s" // for a handshake on a busy machine; the refusal ends at once
	}},
	{name: "proxy's URL", run: start, before: set("HTTPS_PROXY", "http://me:pass#word@proxy:3128")},
	{name: "settings", run: start, before: func(p *pod) {
		p.env["CLIENT_ROLE_ARN"] = ""
		p.env["ROLE_CHAIN_DURATION"] = "12h"
		p.env["ROLE_CHAIN_DELIVERY"] = "endpiont"
	}},
	{name: "tags in a profile", run: start, before: func(p *pod) {
		p.env["ROLE_CHAIN_DELIVERY"] = "profile"
		p.env["ROLE_CHAIN_SESSION_TAGS"] = "team=data"
	}},
	{name: "no first hop", run: start, before: func(p *pod) { p.unset("WEB_IDENTITY_ROLE_ARN", "AWS_ROLE_ARN") }},
	{name: "partition", run: start, before: set("AWS_REGION", "cn-north-1")},
	{name: "itself", run: start, before: func(p *pod) { p.env["ROLE_CHAIN_ENTRYPOINT"] = filepath.Join(programs, "entrypoint") }},

	{name: "a script that leads back", before: func(p *pod) {
		p.env["ROLE_CHAIN_ENTRYPOINT"] = "sh"
		p.env["AGAIN"] = `exec ` + filepath.Join(programs, "entrypoint") + ` -c "$AGAIN"`
	}, run: func(p *pod) (string, int) { return p.run("entrypoint", "-c", p.env["AGAIN"]) }},

	// 126, 127
	{name: "not executable", run: start, before: set("ROLE_CHAIN_ENTRYPOINT", "/etc/passwd")},
	{name: "not there", run: start, before: set("ROLE_CHAIN_ENTRYPOINT", "/usr/bin/entrypoint.sh.not.there")},

	// 143
	{name: "stopped", before: set("ROLE_CHAIN_START_TIMEOUT", "1h"), after: faulty(ststest.Fault{Kind: ststest.Throttle}), run: func(p *pod) (string, int) {
		cmd := p.command(p.t.Context(), "entrypoint", "driver")
		log := newLogged()
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			p.t.Fatal(err)
		}
		waitFor(log, "no session yet, trying again")
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		return log.String(), cmd.ProcessState.ExitCode()
	}},

	// 0, with a warning
	{name: "misspelt", run: start, before: set("ROLE_CHAIN_DELIVERRY", "endpoint")},
	{name: "no region", before: set("ROLE_CHAIN_DELIVERY", "profile"), run: start, after: func(p *pod) { p.unset("AWS_REGION", "AWS_DEFAULT_REGION") }},
	{name: "no client role", run: start, before: func(p *pod) { p.unset("CLIENT_ROLE_ARN") }},
	{name: "STS away while the job runs", before: func(p *pod) { p.roles[1].LifetimeSeconds = 3 }, run: func(p *pod) (string, int) {
		log := p.running()
		p.sts.Down()
		return waitFor(log, "whatever needs it fails"), 0
	}},
	{name: "image's profile", run: start, before: func(p *pod) {
		p.env["ROLE_CHAIN_DELIVERY"] = "profile"
		p.env["AWS_PROFILE"] = "dev"
	}},
	{name: "image's keys", run: start, before: func(p *pod) {
		p.env["ROLE_CHAIN_DELIVERY"] = "profile"
		p.env["AWS_ACCESS_KEY_ID"], p.env["AWS_SECRET_ACCESS_KEY"] = "x", "y"
	}},
	{name: "a JVM's options", run: start, before: set("JAVA_TOOL_OPTIONS", "-Daws.profile=dev")},
	{name: "no home", run: start, before: func(p *pod) { p.env["HOME"] = "/proc" }},
}
