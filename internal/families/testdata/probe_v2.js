// Prints the access key id that the AWS SDK for JavaScript v2 resolves, or what it says.
const AWS = require("aws-sdk");
AWS.config.sts = { endpoint: process.env.AWS_ENDPOINT_URL_STS }; // it knows no variable for it
AWS.config.getCredentials((error) => console.log(error ? `error ${error.code}` : AWS.config.credentials.accessKeyId));
