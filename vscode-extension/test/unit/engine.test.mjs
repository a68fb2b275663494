// The engine that the extension starts, with the bundled Worker and the real program.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startCore } from './core.mjs';

const PROGRAM = fileURLToPath(new URL('../../../target/debug/inkling', import.meta.url));
const dist = new URL('../../dist/', import.meta.url);
const model = fileURLToPath(new URL(readdirSync(dist).find((name) => name.endsWith('.gguf')), dist));
const cores = [];

after(() => Promise.all(cores.map((core) => core.stop())));

/** A core with the extension's settings for an engine that `command` starts, a document, and its warnings. */
async function open(command) {
  const core = startCore(command && { engine: command });
  cores.push(core);
  const settings = { engine: command ? 'process' : 'inside', model };
  await core.request('initialize', { capabilities: {}, initializationOptions: settings });
  core.notify('initialized', {});
  const textDocument = { uri: 'file:///add.py', languageId: 'python', version: 1, text: 'def add(a, b):\n    return ' };
  core.notify('textDocument/didOpen', { textDocument });
  const place = { textDocument: { uri: textDocument.uri }, position: { line: 1, character: 11 } };
  const ask = () => core.request('textDocument/inlineCompletion', { ...place, context: { triggerKind: 1 } });
  return { core, ask, ready: () => core.status(({ state }) => state === 'idle') };
}

/** The processes of the engine that this one has started and that still run. */
function engines() {
  const find = ['-P', String(process.pid), '-f', `^${PROGRAM} engine$`];
  try {
    return execFileSync('pgrep', find, { encoding: 'utf8' }).trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

const isGone = (pid) => !engines().includes(pid);

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const inside = await open(undefined);
const { model: insideModel } = await inside.ready();
const expected = (await inside.ask()).items.map(({ insertText }) => insertText);

async function answersAsInside(ask) {
  assert.deepEqual((await ask()).items.map(({ insertText }) => insertText), expected);
}

test('without an engine the core runs the model', () => {
  assert.equal(insideModel.engine, 'inside');
  assert.equal(insideModel.engineReason, undefined);
  assert.deepEqual(engines(), []);
});

test('an engine runs the model, and ends with the core', async () => {
  const { core, ask, ready } = await open(PROGRAM);
  const status = await ready();
  assert.equal(status.model.engine, 'process');
  assert.notEqual(status.model.executor, insideModel.executor);
  await answersAsInside(ask);
  const [pid] = engines();
  await core.stop();
  await until(() => isGone(pid));
});

test('a killed engine starts again; one that is killed again and again gives way to the core, said once', async () => {
  const { core, ask, ready } = await open(PROGRAM);
  await ready();
  await answersAsInside(ask);
  const kill = async () => {
    const [pid] = engines();
    process.kill(pid, 'SIGKILL');
    await until(() => isGone(pid));
    await assert.rejects(ask(), /the engine that runs the model (failed|keeps failing): it ended \(SIGKILL\)/);
  };
  /** As one who types: asks until there is an answer, while engines rest. */
  const insist = async () => {
    for (;;) {
      const answer = await ask().catch((error) => assert.match(error.message, /may start again/));
      if (answer) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  for (let nth = 0; nth < 3; nth++) {
    await kill();
    await insist();
    assert.equal(core.warnings().length, 0);
  }
  await kill();
  const { model: moved } = await core.status(({ model }) => model.engine === 'inside');
  assert.match(moved.engineReason, /keeps failing: it ended \(SIGKILL\)/);
  await answersAsInside(ask);
  await core.request('inkling/loadModel', { uri: model });
  await answersAsInside(ask);
  assert.deepEqual(core.warnings().map(({ message }) => /^The model runs in the core itself, since/.test(message)), [true]);
  assert.deepEqual(engines(), []);
});

for (const [what, command, reason] of [
  ['is not there', '/no/such/program', /ENOENT/],
  ['ends at once', 'false', /it ended \(status 1\)/],
  ['speaks garbage', 'echo', /does not speak the engine's protocol/],
]) {
  test(`an engine that ${what} gives way to the core, which says why`, async () => {
    const { core, ask, ready } = await open(command);
    const { model: moved } = await ready();
    assert.equal(moved.engine, 'inside');
    assert.match(moved.engineReason, reason);
    assert.match(core.warnings()[0].message, reason);
    await answersAsInside(ask);
  });
}
