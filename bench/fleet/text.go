package main

// text is docs/scale.md, around its tables.
const text = `# Many pods at once

How often the pods of one account and Region call STS. ` + "`make fleet`" + ` simulates them with the code that decides when to call, and writes
this page. All numbers are calls per second, averaged over a minute. Every call counts: both hops, and calls that are refused.
A session lasts an hour.

![Calls per second over a day, 20,000 pods](scale.svg)

AWS documents the limit: STS accepts 600 requests per second for each account and Region, for AssumeRole and other calls together,
and throttles the rest. AWS does not say whether AssumeRoleWithWebIdentity counts, so here both hops do. AWS's benchmark of StartJobRun
reached 23,007 pods, at 150 jobs of 10 executors a minute. AWS recommends at most 20,000 pods in a cluster.

## A day
All pods start within 30 seconds, and STS does not throttle. Three rules keep the pods from staying in step: the first refresh comes
between a sixth and a half of the session's life; later refreshes come at half its life, less up to a fifth; and each refresh
renews the first hop with a probability of one half.

%s
## Who else calls
20,000 pods start within 30 seconds. AWS's script makes both hops every 48 minutes exactly. An SDK that chains makes both hops
when a session has 15 minutes left, as botocore does. A pod has one such session for each process, and often for each client.

%s
## STS is away for 25 minutes
The pods started within 10 minutes. When STS is back, it accepts 600 calls a second. AWS's script stops calling after its first
error, so all of its sessions end.

%s
## A Region starts again
All pods end and start again within a minute. STS accepts 600 calls a second. A start that gets no session within
` + "`ROLE_CHAIN_START_TIMEOUT`" + ` ends with 75, and Kubernetes restarts its container, here after 10 seconds.

%s
## 20,000 pods within 30 seconds
That makes 40,000 calls, more than STS accepts in a minute. Some pods have to wait, whichever client they use. A start retries
with jitter until it has its session.

%s
What to do about it:

- Set ` + "`ROLE_CHAIN_START_TIMEOUT=5m`" + `. A start then waits for its turn. With a shorter timeout it ends with 75, and the container starts again
  and repeats its calls.
- Start fewer pods at once. At 150 jobs a minute, as in AWS's benchmark, the peak is 55 calls a second.
- Ask AWS for a higher STS quota in the account of the job execution role: the calls are made from there.
- Leave ` + "`ROLE_CHAIN_DURATION`" + ` at an hour. Sessions of half an hour double the calls after the start.
`
