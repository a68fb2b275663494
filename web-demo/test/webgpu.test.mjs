// The model on a graphics processor in a browser: one that the CPU plays, SwiftShader, so that there is one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchBrowser, Playground, serveDist } from './playground.mjs';

let browser;
let site;

before(async () => {
  site = await serveDist();
  browser = await launchBrowser('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader');
});

after(async () => {
  await browser?.close();
  site?.close();
});

/** Keeps the devices that the core makes, for tests to break. */
const KEEP_DEVICES = `{
  const { requestDevice } = GPUAdapter.prototype;
  globalThis.devices = [];
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    devices.push(device);
    return device;
  };
}
`;

/** As in browsers that have no subgroups. */
const NO_SUBGROUPS = 'GPUAdapter.prototype.asksForSubgroups = true;\n';

/** Short, since the CPU plays the graphics processor and the editor waits ten seconds for an answer at most. */
const FILES = [
  ['sizes.py', 'import os\n\n\ndef size_of(path):\n    size = os.path'],
  ['area.js', 'export function area(width, height) {\n  return width'],
  ['add.go', 'package main\n\nfunc add(a int, b int) int {\n\treturn a'],
];

/** A test on a page of its own, whose Worker begins with `prelude`; nothing may go wrong unseen. */
function visit(name, prelude, steps) {
  test(name, async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const playground = new Playground(await context.newPage());
    try {
      await playground.page.route('**/worker-*.js', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: prelude + (await response.text()) });
      });
      await playground.page.goto(site.url);
      await steps(playground);
      assert.deepEqual(playground.errors, []);
    } finally {
      await context.close();
    }
  });
}

const executor = (playground) => playground.page.locator('#model-facts').textContent();

async function runOn(playground, choice, expected) {
  await playground.page.locator('#executor').selectOption(choice);
  await playground.until(async () => expected.test(await executor(playground)), `${expected} to run the model`);
}

/** Opens one of `FILES` with the cursor at its end. */
async function open(playground, [name, text]) {
  await playground.drop(name, Buffer.from(text));
  await playground.until(async () => (await playground.code()).startsWith(text.slice(0, 9)), name);
  await playground.clickAfter(text.trimEnd().split('\n').at(-1));
}

/** The editor gives up after ten seconds; who still waits asks again. */
const ASK_AGAIN_MS = 12_000;

/** The ghost text of the open file, from a key's press and no cache. */
async function askAnew(playground) {
  await playground.press('Escape');
  await playground.until(async () => (await playground.ghostText()) === '', 'no ghost text');
  let askedAt = Number.NEGATIVE_INFINITY;
  await playground.until(async () => {
    if (Date.now() - askedAt > ASK_AGAIN_MS) {
      askedAt = Date.now();
      await playground.press('Alt+\\');
    }
    return (await playground.ghostText()) !== '';
  }, 'ghost text');
  return playground.ghostText();
}

visit('a graphics processor that the CPU plays is taken only when asked for', '', async (playground) => {
  await playground.nextGhostText();
  assert.match(await executor(playground), /CPU/);
  const note = () => playground.page.locator('#executor-note').textContent();
  assert.match(await note(), /no graphics processor that can be used, only one that the CPU plays/);
  await runOn(playground, 'gpu', /GPU.*subgroup shaders/);
  assert.match(await note(), /on this device’s graphics processor \(GPU, .*\), by WebGPU/);
  await playground.page.reload();
  await playground.until(async () => /GPU/.test(await executor(playground)), 'the choice to be remembered');
  await open(playground, FILES[0]);
  assert.notEqual(await askAnew(playground), '');
});

for (const [shaders, prelude] of [
  ['subgroup', ''],
  ['portable', NO_SUBGROUPS],
]) {
  visit(`the ghost text by ${shaders} shaders is the CPU’s`, prelude, async (playground) => {
    await playground.nextGhostText();
    for (const file of FILES) {
      await open(playground, file);
      await runOn(playground, 'cpu', /CPU/);
      const expected = await askAnew(playground);
      await runOn(playground, 'gpu', new RegExp(`${shaders} shaders`));
      assert.equal(await askAnew(playground), expected, file[0]);
    }
  });
}

visit('the CPU goes on with the answer of a lost device, and the user is told', KEEP_DEVICES, async (playground) => {
  await playground.nextGhostText();
  await open(playground, FILES[0]);
  const expected = await askAnew(playground);
  await runOn(playground, 'gpu', /GPU/);
  assert.equal(await askAnew(playground), expected);
  const worker = playground.page.workers().find((each) => each.url().includes('/worker-'));
  await playground.press('Escape');
  await worker.evaluate(() => devices.at(-1).destroy());
  assert.equal(await askAnew(playground), expected);
  await playground.until(async () => (await playground.notice()).includes('goes on on the CPU'), 'a notice');
  assert.match(await playground.notice(), /since the graphics processor .* failed/);
  assert.match(await executor(playground), /CPU/);
  await runOn(playground, 'cpu', /CPU/);
  await runOn(playground, 'gpu', /GPU/);
  assert.equal(await askAnew(playground), expected);
});
