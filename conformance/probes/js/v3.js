// The AWS SDK for JavaScript v3, old and new: one client.
'use strict';

const { serve } = require('./answers.js');
const { S3Client, ListBucketsCommand } = require('@aws-sdk/client-s3');

const client = new S3Client({});
serve(() => client.send(new ListBucketsCommand({})));
