// The WASM module gives the same answers as the native program: the goldens of core/cli/tests/cases, to the bit.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { serveModel, startCore } from './core.mjs';

const folder = new URL('../../../core/cli/tests/cases/', import.meta.url);
const cases = readdirSync(folder).filter((name) => !name.endsWith('.json'));
let model;
const cores = [];

before(async () => (model = await serveModel()));

after(async () => {
  await Promise.all(cores.map((core) => core.stop()));
  model.close();
});

/** A core of its own, which knows of no other file, with a case's file open. */
async function open(name) {
  const core = await startCore();
  cores.push(core);
  await core.request('initialize', { capabilities: {}, rootUri: 'file:///cases', initializationOptions: {} });
  await core.request('inkling/loadModel', { uri: model.uri });
  const { text, position } = fixture(name);
  const textDocument = { uri: `file:///cases/${name}`, languageId: '', version: 1, text };
  core.notify('textDocument/didOpen', { textDocument });
  return { core, at: { textDocument: { uri: textDocument.uri }, position } };
}

/** A fixture's text without its `$0`, and the position where that stood. */
function fixture(name) {
  const [head, tail] = readFileSync(new URL(name, folder), 'utf8').split('$0');
  const lines = head.split('\n');
  return { text: head + tail, position: { line: lines.length - 1, character: lines.at(-1).length } };
}

for (const name of cases) {
  test(`${name} goes the same way as natively`, async () => {
    const { core, at } = await open(name);
    const trace = await core.request('inkling/trace', at);
    // Probabilities are 32-bit numbers; the golden holds the shortest decimals that name them.
    const single = (_, value) => (typeof value === 'number' ? Math.fround(value) : value);
    const golden = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'), single);
    for (const stage of Object.keys(golden)) assert.deepEqual(trace[stage], golden[stage], stage);
  });
}

test('a cancelled request ends at once and the next one is answered', async () => {
  const { core, at } = await open('python.py');
  const ask = { ...at, context: { triggerKind: 1 } };
  const cancelled = core.request('textDocument/inlineCompletion', ask, 'cancelled');
  core.notify('$/cancelRequest', { id: 'cancelled' });
  await assert.rejects(cancelled, { code: -32800 });
  await core.request('textDocument/inlineCompletion', ask);
});

test('a message that is no JSON-RPC does no harm', async () => {
  const { core, at } = await open('rust.rs');
  for (const garbage of [null, 3, 'x', [], { id: 1n }]) core.post({ garbage });
  const trace = await core.request('inkling/trace', at);
  assert.equal(typeof trace.suggestion, 'string');
});
