// Speaks with yaml-language-server as an editor does: a mistake is marked at its place, a key is completed, its description is shown, and an
// encrypted file has no mistake. Usage: node speak.mjs SERVER SCHEMA GOOD BAD
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert';

const [server, schema, good, bad] = process.argv.slice(2);
const child = spawn(process.execPath, [server, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
const waiting = new Map();
const marked = new Map();
let next = 1;
let buffer = Buffer.alloc(0);

function send(message) {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message });
  child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

function ask(method, params) {
  const id = next++;
  send({ id, method, params });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

const settings = { yaml: { schemas: { [pathToFileURL(schema).href]: ['/*.yaml'] }, schemaStore: { enable: false }, validate: true, completion: true, hover: true }, http: {} };

function heard(m) {
  if (m.id !== undefined && m.method) {
    const answer = m.method === 'workspace/configuration' ? m.params.items.map((i) => settings[i.section] ?? {}) : null;
    return send({ id: m.id, result: answer });
  }
  if (m.method === 'textDocument/publishDiagnostics') return marked.set(m.params.uri, m.params.diagnostics);
  const w = waiting.get(m.id);
  if (w) m.error ? w.reject(new Error(m.error.message)) : w.resolve(m.result);
}

child.stdout.on('data', (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const end = buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/.exec(buffer.subarray(0, end))[1]);
    if (buffer.length < end + 4 + length) return;
    const text = buffer.subarray(end + 4, end + 4 + length).toString();
    buffer = buffer.subarray(end + 4 + length);
    heard(JSON.parse(text));
  }
});

async function open(file) {
  const uri = pathToFileURL(file).href;
  send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text: readFileSync(file, 'utf8') } } });
  for (let i = 0; i < 300 && !marked.has(uri); i++) await new Promise((r) => setTimeout(r, 100));
  return uri;
}

await ask('initialize', { processId: process.pid, rootUri: null, capabilities: { workspace: { configuration: true }, textDocument: { completion: { completionItem: { snippetSupport: true } } } } });
send({ method: 'initialized', params: {} });
send({ method: 'workspace/didChangeConfiguration', params: { settings } });

const goodURI = await open(good);
assert.deepEqual(marked.get(goodURI), [], 'an encrypted file has mistakes');
const badURI = await open(bad);
const found = marked.get(badURI);
const line = readFileSync(bad, 'utf8').split('\n').findIndex((l) => l.includes('endpont'));
assert.ok(found.some((d) => d.range.start.line === line && d.message.includes('endpont')), `the misspelt key is not marked: ${JSON.stringify(found)}`);
const at = (file, word) => {
  const lines = readFileSync(file, 'utf8').split('\n');
  const n = lines.findIndex((l) => l.includes(word));
  return { line: n, character: lines[n].indexOf(word) };
};
const hover = await ask('textDocument/hover', { textDocument: { uri: goodURI }, position: at(good, 'endpoint') });
assert.match(JSON.stringify(hover), /Where the console is/, 'the description is not shown');
const empty = at(bad, 'endpont');
const completion = await ask('textDocument/completion', { textDocument: { uri: badURI }, position: { line: empty.line, character: empty.character } });
const labels = (completion.items ?? completion).map((i) => i.label);
assert.ok(labels.includes('user'), `a setting is not completed: ${labels}`);
console.log(`the editor marks ${found.length} mistake(s), completes ${labels.length} keys, and shows descriptions`);
child.kill();
process.exit(0);
