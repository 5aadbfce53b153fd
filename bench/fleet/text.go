package main

// text is docs/scale.md, around its tables.
const text = `# Many pods at once

What the pods of one account and Region ask of STS, simulated by ` + "`make fleet`" + `, which wrote this page, with the code that decides when
to ask. All numbers are calls per second, as the mean of a minute; every call counts, refused ones and both hops too. Sessions
live for an hour.

![Calls per second over a day, 20,000 pods](scale.svg)

What AWS publishes: STS takes 600 requests per second of an account in a Region, AssumeRole and others together, and throttles
beyond that; whether AssumeRoleWithWebIdentity shares it is not said. So both hops are counted against it here. AWS's
benchmark of StartJobRun had 23,007 pods at once, started at 150 jobs of 10 executors a minute; its advice is at most 20,000
pods a cluster.

## A day
All pods start within 30 seconds, and STS takes whatever comes. The first refresh is spread over a sixth to a half of the
session's life, later ones come at half the life less up to a fifth, and each refresh renews the first hop with one chance
in two, so that the pods do not stay in step.

%s
## Who else calls
20,000 pods that start within 30 seconds. AWS's script does both hops every 48 minutes sharp. An SDK that chains does both
when 15 minutes are left, as botocore does, for each session: a pod has one for each process, and often for each client.

%s
## STS is away for 25 minutes
The pods have started within 10 minutes; STS takes 600 calls a second when it is back. What AWS's script does after its first
error is nothing, so its sessions end.

%s
## A Region starts again
All pods end and start again within a minute, with an STS that takes 600 calls a second. A start that gets no session within
` + "`ROLE_CHAIN_START_TIMEOUT`" + ` ends with 75 and its container is started again, here after 10 seconds.

%s
## 20,000 pods within 30 seconds
That is 40,000 calls, more than a minute's worth of what STS takes: no client can avoid that some wait. A start tries again
with jitter until it has its session.

%s
What to do about it:

- Set ` + "`ROLE_CHAIN_START_TIMEOUT=5m`" + `. Starts then wait for their turn instead of ending with 75, which costs each container a restart and the
  calls that it made.
- Start fewer pods at once: with 150 jobs a minute, AWS's own benchmark, the peak is 55 calls a second.
- Ask AWS for a higher quota of STS in the account of the job execution role, which makes the calls.
- Leave ` + "`ROLE_CHAIN_DURATION`" + ` at an hour: sessions of half an hour double all calls after the start.
`
