// The core as the extension starts it: the bundled Worker with the embedded model, read where it lies.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCore } from './core.mjs';

const dist = new URL('../../dist/', import.meta.url);
const model = fileURLToPath(new URL(readdirSync(dist).find((name) => name.endsWith('.gguf')), dist));

const core = startCore();
const { request } = core;

before(() => request('initialize', { capabilities: {}, initializationOptions: {} }));

after(() => core.stop());

test('a path is opened as a file', async () => {
  const info = await request('inkling/loadModel', { uri: model });
  assert.equal(info.uri, model);
  assert.ok(info.nParameters > 1e6);
});

test('the model answers', async () => {
  const text = 'def add(a, b):\n    return ';
  const textDocument = { uri: 'file:///add.py', languageId: 'python', version: 1, text };
  core.notify('textDocument/didOpen', { textDocument });
  const answer = await request('textDocument/inlineCompletion', {
    textDocument: { uri: textDocument.uri },
    position: { line: 1, character: 11 },
    context: { triggerKind: 1 },
  });
  assert.match(answer.items[0].insertText, /\S/);
});

test('a file that is not there is named, and the model goes on answering', async () => {
  await assert.rejects(request('inkling/loadModel', { uri: '/no/such.gguf' }), /cannot open \/no\/such\.gguf/);
  await assert.rejects(request('inkling/loadModel', { uri: fileURLToPath(import.meta.url) }), /not a GGUF|GGUF/);
  await request('inkling/trace', { textDocument: { uri: 'file:///add.py' }, position: { line: 1, character: 11 } });
});
