// The scenario of realclients_test.go with the AWS SDK for JavaScript v3. The settings come as JSON on stdin, the
// findings go to stdout.
const { STSClient, AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
const s = JSON.parse(require("fs").readFileSync(0, "utf8"));

function client(creds, change) {
  const settings = { endpoint: s.endpoint, region: "eu-west-1", maxAttempts: 1 };
  if (creds) {
    settings.credentials = { accessKeyId: creds.AccessKeyId, secretAccessKey: creds.SecretAccessKey, sessionToken: creds.SessionToken, ...change };
  }
  return new STSClient(settings);
}

const withToken = (token) =>
  client().send(new AssumeRoleWithWebIdentityCommand({ RoleArn: s.job, RoleSessionName: "pod", WebIdentityToken: token }));
const assume = (as, role, more) => as.send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: "pod", ...more }));
const identity = (as) => as.send(new GetCallerIdentityCommand({}));

async function refusal(call) {
  try {
    await call;
  } catch (e) {
    return [e.$metadata.httpStatusCode, e.name, e.message];
  }
  return "no error";
}

async function main() {
  const job = await withToken(s.token);
  const asJob = client(job.Credentials);
  const chained = await assume(asJob, s.client, { ExternalId: "ex/ternal+id", Tags: [{ Key: "Team", Value: "data + möre" }] });
  const found = {
    first: job.AssumedRoleUser.Arn,
    second: chained.AssumedRoleUser.Arn,
    identity: (await identity(client(chained.Credentials))).Arn,
    profile: (await identity(new STSClient({}))).Arn,
    refusals: {
      "expired token": await refusal(withToken(s.expired)),
      "wrong audience": await refusal(withToken(s.audience)),
      denied: await refusal(assume(asJob, s.nobody)),
      "two hours": await refusal(assume(asJob, s.client, { ExternalId: "ex/ternal+id", DurationSeconds: 7200 })),
      secret: await refusal(identity(client(job.Credentials, { secretAccessKey: "wrong" }))),
      "session token": await refusal(identity(client(job.Credentials, { sessionToken: "wrong" }))),
      throttled: await refusal(assume(asJob, s.throttled)),
      "expired key": await refusal(assume(asJob, s.late)),
    },
  };
  process.stdout.write(JSON.stringify(found));
}

main();
