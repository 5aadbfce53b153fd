// The protocol of the probes: a line on stdin, an answer on stdout.
'use strict';

const readline = require('node:readline');

// serve calls ask for each line on stdin. It makes a signed request; that S3 refuses it is no matter: what S3 saw is the
// evidence.
exports.serve = async (ask) => {
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    const answer = { key: '*' };
    try {
      await ask();
    } catch (error) {
      // Causes are where the reason is: the outer message is often the chain's "could not load".
      const words = [];
      for (let e = error; e; e = e.cause || e.originalError) words.push(`${e.name}: ${e.message}`);
      answer.error = words.join(': ').replace(/\s+/g, ' ');
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
  process.exit(0);
};
