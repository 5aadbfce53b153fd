// Prints the access key id that the default provider of the AWS SDK for JavaScript v3 resolves, or what it says.
const { defaultProvider } = require("@aws-sdk/credential-provider-node");
defaultProvider()().then((c) => console.log(c.accessKeyId), (e) => console.log("error", e.name));
