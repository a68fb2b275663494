// What becomes of suggestions in the WASM core, in the files of the extension's storage.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load } from './bundle.mjs';
import { startCore } from './core.mjs';

const dist = new URL('../../dist/', import.meta.url);
const model = fileURLToPath(new URL(readdirSync(dist).find((name) => name.endsWith('.gguf')), dist));
const { metricsFiles } = await load('metrics-files.ts');
const home = mkdtempSync(join(tmpdir(), 'inkling-metrics-'));

after(() => rmSync(home, { recursive: true }));

const cores = [];

after(() => Promise.all(cores.map((core) => core.stop())));

/** Has a core make a suggestion and hear that it was taken; answers with its report. */
async function take(storage, metrics) {
  const core = startCore({ storage });
  cores.push(core);
  await core.request('initialize', { capabilities: {}, initializationOptions: { metrics } });
  await core.request('inkling/loadModel', { uri: model });
  const textDocument = { uri: 'file:///add.py', languageId: 'python', version: 1, text: 'def add(a, b):\n    return ' };
  core.notify('textDocument/didOpen', { textDocument });
  const place = { textDocument: { uri: textDocument.uri }, position: { line: 1, character: 11 } };
  const { items } = await core.request('textDocument/inlineCompletion', { ...place, context: { triggerKind: 1 } });
  if (items[0].command) await core.request('workspace/executeCommand', items[0].command);
  const report = await core.request('inkling/metrics', {});
  await core.stop();
  return report;
}

test('suggestions that were taken are counted over many lives, also after one was cut short', async () => {
  const storage = join(home, 'kept/in/here');
  assert.deepEqual(await take(storage, {}).then(({ total }) => [total.shown, total.accepted]), [1, 1]);
  const log = join(storage, 'metrics.log');
  appendFileSync(log, readFileSync(log).subarray(0, 17));
  const { isKept, total, byLanguage, byDay } = await take(storage, {});
  assert.deepEqual([isKept, total.shown, total.accepted, total.acceptanceRate], [true, 2, 2, 1]);
  assert.deepEqual(byLanguage.map(({ key }) => key), ['Python']);
  assert.match(byDay[0].key, /^\d{4}-\d\d-\d\d$/);
});

test('what is off makes no file', async () => {
  const storage = join(home, 'off');
  const { isKept, total } = await take(storage, { enabled: false });
  assert.deepEqual([isKept, total.shown], [false, 0]);
  assert.equal(existsSync(storage), false);
});

test('where the files cannot be, the report says so, and suggestions come all the same', async () => {
  const storage = join(home, 'blocked');
  writeFileSync(storage, 'no folder');
  await assert.rejects(take(storage, {}), /ENOTDIR/);
});

test('the current file becomes the older one when it is full', () => {
  const folder = join(home, 'full');
  const files = metricsFiles(folder);
  assert.equal(files.read().length, 0);
  for (const text of ['a', 'b', 'c', 'd', 'e']) files.append(Buffer.from(text), 2);
  assert.equal(String(files.read()), 'cde');
  assert.deepEqual(readdirSync(folder).sort(), ['metrics.1.log', 'metrics.log']);
});
