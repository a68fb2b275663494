// Models that run outside of the core: the same answers, and what happens when the engine is lost.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { modelName, startCore } from './core.mjs';

const program = fileURLToPath(new URL('../../../target/debug/inkling', import.meta.url));
const model = fileURLToPath(new URL(`../../../models/${modelName}`, import.meta.url));
const cores = [];

after(() => Promise.all(cores.map((core) => core.stop())));

/** A core with a document open, and its model where `workerData` says. */
async function open(workerData, engine = 'process') {
  const core = await startCore({ script: './engine-worker.mjs', workerData });
  cores.push(core);
  await core.request('initialize', { capabilities: {}, rootUri: 'file:///cases', initializationOptions: { engine } });
  const info = await core.request('inkling/loadModel', { uri: model });
  const textDocument = { uri: 'file:///cases/a.py', languageId: '', version: 1, text: 'def area(width, height):\n    return ' };
  core.notify('textDocument/didOpen', { textDocument });
  const at = { textDocument: { uri: textDocument.uri }, position: { line: 1, character: 11 } };
  const ask = () => core.request('textDocument/inlineCompletion', { ...at, context: { triggerKind: 1 } });
  return { core, info, ask, warnings: () => core.notifications.filter(({ method }) => method === 'window/showMessage') };
}

const inside = await open({ kind: 'page' }, 'inside');
const expected = await inside.ask();

test('a model in a child process gives the same suggestion', async () => {
  const { info, ask, warnings } = await open({ kind: 'process', command: [program, 'engine'] });
  assert.notEqual(info.executor, inside.info.executor);
  assert.deepEqual(await ask(), expected);
  assert.deepEqual(warnings(), []);
});

test('a model in another page gives the same suggestion', async () => {
  const { ask, warnings } = await open({ kind: 'page' });
  assert.deepEqual(await ask(), expected);
  assert.deepEqual(warnings(), []);
});

test('a killed engine is an error, and answers again', async () => {
  const { core, ask } = await open({ kind: 'process', command: [program, 'engine'] });
  const { pid } = core.notifications.find(({ method }) => method === 'test/engine').params;
  process.kill(pid, 'SIGKILL');
  await assert.rejects(ask(), /the engine that runs the model failed: it ended \(SIGKILL\)/);
  assert.deepEqual(await ask(), expected);
});

for (const [what, command, reason] of [
  ['is not there', ['/no/such/program'], /ENOENT/],
  ['ends at once', ['false'], /it ended \(status 1\)/],
  ['says something else', ['yes'], /does not speak the engine's protocol \(it says "y/],
]) {
  test(`where the engine ${what} the core runs the model itself, and says so`, async () => {
    const { info, ask, warnings } = await open({ kind: 'process', command });
    assert.equal(info.executor, inside.info.executor);
    assert.match(warnings()[0].params.message, /^The model runs in the core itself, since/);
    assert.match(warnings()[0].params.message, reason);
    assert.deepEqual(await ask(), expected);
  });
}
