// Answers, line by line, what the AWS SDK for JavaScript v3 reads in an AWS config or credentials file.
//
// In:  {"kind": "config" | "credentials", "content": base64}
// Out: {"profiles": {name: {key: value}}} or {"error": text}
//
// Run with node -e in the folder of node_modules.
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");
const { loadSharedConfigFiles, loadSsoSessionData } = require("@smithy/shared-ini-file-loader");

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "parse-"));
const file = path.join(dir, "file");
const none = path.join(dir, "none");

async function read(kind) {
  if (kind === "credentials") {
    const files = await loadSharedConfigFiles({ filepath: file, configFilepath: none, ignoreCache: true });
    return files.credentialsFile;
  }
  const { configFile } = await loadSharedConfigFiles({ filepath: none, configFilepath: file, ignoreCache: true });
  // Services come as "services.NAME" from the SDK itself, sso-sessions by a function of their own.
  const out = {};
  for (const [name, values] of Object.entries(configFile)) {
    out[name.replace(/^services\./, "services ").replace(/^sso-session\./, "sso-session ")] = values;
  }
  for (const [name, values] of Object.entries(await loadSsoSessionData({ configFilepath: file }))) {
    out[`sso-session ${name}`] = values;
  }
  return out;
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    fs.writeFileSync(file, Buffer.from(question.content, "base64"));
    let answer;
    try {
      answer = { profiles: await read(question.kind) };
    } catch (error) {
      answer = { error: `${error.name}: ${error.message}` };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}

main();
