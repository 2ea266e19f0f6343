// Usage: node main.mjs KIND URL OPTIONS
// One client of an application: KIND is the module beside this one that speaks its protocol, OPTIONS is JSON for it. Commands
// come as lines of the standard input, events go out as lines of JSON.
//   exchange  one question to the application and its answer
//   stream    one exchange after the other, and a word after each ten, until
//   quiet     which tells how many were sent and answered
//   again     a new connection, of a client that does not make one by itself
// A module exports start(context), which connects and returns an object with exchange(number).
import readline from 'node:readline';

const PATIENCE_MS = 30000;
const [kind, url, options] = process.argv.slice(2);
const tell = (event, fields = {}) => console.log(JSON.stringify({ event, t: Date.now() / 1000, ...fields }));
const application = await import(`./${kind}.mjs`);
let client;
let number = 0;
let streaming = false;

async function connect() {
  try {
    client = await inTime(application.start({ url, tell, ...JSON.parse(options) }), 'connection');
    tell('connected');
  } catch (error) {
    tell('refused', { why: error.message });
  }
}

function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function exchange() {
  number += 1;
  return inTime(client.exchange(number), `answer to exchange ${number}`);
}

async function stream() {
  let sent = 0;
  let answered = 0;
  let failure = '';
  streaming = true;
  while (streaming && !failure) {
    sent += 1;
    try {
      await exchange();
      answered += 1;
      if (answered % 10 === 0) tell('progress', { answered });
    } catch (error) {
      failure = error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  while (streaming) await new Promise((resolve) => setTimeout(resolve, 20));
  tell('stream', { sent, answered, failure });
}

const commands = {
  again: connect,
  stream,
  quiet: () => { streaming = false; },
  exchange: async () => {
    try {
      tell('exchange', { ok: true, what: await exchange() });
    } catch (error) {
      tell('exchange', { ok: false, what: error.message });
    }
  },
};

process.on('unhandledRejection', (error) => tell('fault', { why: String(error?.message ?? error) }));
readline.createInterface({ input: process.stdin }).on('line', (line) => commands[line]());
await connect();
