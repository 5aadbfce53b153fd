// The AWS SDK for JavaScript v2: one client.
'use strict';

const { serve } = require('../js/answers.js');
const AWS = require('aws-sdk');

const client = new AWS.S3({});
serve(() => client.listBuckets().promise());
