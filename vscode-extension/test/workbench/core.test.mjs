// What becomes of the core: other models, crashes, the native program.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Workbench } from './workbench.mjs';

const NATIVE = fileURLToPath(new URL('../../../target/debug/inkling', import.meta.url));
const files = { 'vector.py': 'import math\n\n\ndef scaled(vector, factor):\n    return ' };

let workbench, installed, server, url;
const asked = [];

before(async () => {
  workbench = await Workbench.open({ files });
  const folder = join(workbench.home, 'extensions');
  installed = join(folder, (await readdir(folder)).find((name) => name.startsWith('inkling.inkling-vscode')), 'dist');
  const name = (await readdir(installed)).find((file) => file.endsWith('.gguf'));
  const model = renamed(await readFile(join(installed, name)));
  server = createServer((request, response) => serveSlowly(model, request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}/other.gguf`;
  await workbench.edit('vector.py');
  await workbench.untilStatus(/suggesting as you type/);
});

after(async () => {
  await workbench?.close();
  server?.close();
  server?.closeAllConnections();
});

/** The same model under another name. */
function renamed(bytes) {
  const at = bytes.indexOf('Inkling', bytes.indexOf('general.name'));
  return Buffer.concat([bytes.subarray(0, at), Buffer.from('Another'), bytes.subarray(at + 'Another'.length)]);
}

/** About four seconds for all of it, so that there is something to see and to cancel. */
async function serveSlowly(bytes, request, response) {
  asked.push(request.headers.range);
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range)?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': bytes.length - start });
  for (let at = start; at < bytes.length && !response.destroyed; at += bytes.length / 40) {
    response.write(bytes.subarray(Math.round(at), Math.round(at + bytes.length / 40)));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  response.end();
}

async function suggestion() {
  await workbench.press('Escape');
  await workbench.noGhostText();
  await workbench.command('Inkling: Suggest Now');
  return workbench.nextGhostText();
}

async function choose(label) {
  await workbench.command('Inkling: Choose a Model');
  await row(label).click();
}

async function download() {
  await choose('Download a GGUF file');
  await workbench.quickInput().fill(url);
  await workbench.press('Enter');
}

/** The process id of a program that was started by this command line; empty where none runs. */
function running(commandLine) {
  try {
    return execFileSync('pgrep', ['-f', `^${commandLine}$`], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

const row = (text) => workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: text });

async function untilMenuSays(pattern, screenshot) {
  // The menu is that of the moment at which it opens.
  await workbench.until(async () => {
    await workbench.command('Inkling: Show Menu');
    await row(/Restart the core/).waitFor();
    const says = await row(pattern).isVisible();
    if (says) await workbench.screenshot(screenshot);
    await workbench.press('Escape');
    return says;
  }, `a menu with ${pattern}`);
}

const toast = (text) => workbench.page.locator('.notification-toast', { hasText: text });

test('a download shows its progress, is cancelled and goes on, and its model answers', async () => {
  const before = await suggestion();
  await download();
  await toast('Downloading the model').getByText(/ of .* MB/).waitFor();
  await workbench.screenshot('download');
  await toast('Downloading the model').getByRole('button', { name: 'Cancel' }).click();
  await toast('Downloading the model').waitFor({ state: 'detached' });
  await download();
  await toast(/Another.* answers from now on/).waitFor();
  assert.match(asked[1], /bytes=[1-9]\d+-/);
  assert.match((await workbench.machineSettings())['inkling.model'], /other\.gguf$/);
  assert.equal(await suggestion(), before);
  await choose('Embedded model');
  await toast(/Inkling.* answers from now on/).waitFor();
  assert.equal((await workbench.machineSettings())['inkling.model'], undefined);
});

test('a core that cannot run says so, starts again by itself, and recovers', async () => {
  const module = join(installed, 'inkling_wasm_bg.wasm');
  const bytes = await readFile(module);
  await writeFile(module, 'no WebAssembly');
  await workbench.command('Inkling: Restart the Core');
  await toast('Inkling stopped and starts again').first().waitFor();
  await workbench.untilStatus(/stopped|loading/);
  await workbench.screenshot('stopped');
  await writeFile(module, bytes);
  await workbench.untilStatus(/suggesting/);
  await suggestion();
});

test('a bundled engine runs the model, is started again when it is killed, and the core does without it', async (t) => {
  if (!(await access(NATIVE).then(() => true, () => false))) return t.skip('no native program has been built');
  await untilMenuSays(/WebAssembly: .*there is no native engine here/, 'menu-wasm');
  const before = await suggestion();
  const bin = join(installed, '../bin');
  await mkdir(bin);
  await symlink(NATIVE, join(bin, 'inkling'));
  const engine = () => running(`${join(bin, 'inkling')} engine`);
  await workbench.command('Inkling: Restart the Core');
  await workbench.until(async () => engine() !== '', 'the engine');
  await workbench.untilStatus(/suggesting/);
  await untilMenuSays(/Native engine: /, 'menu-engine');
  assert.equal(await suggestion(), before);
  const first = engine();
  process.kill(Number(first), 'SIGKILL');
  // What is asked of an engine that is gone fails; the next question starts another.
  await workbench.until(async () => {
    await workbench.press('Escape');
    await workbench.command('Inkling: Suggest Now');
    return engine() !== '' && engine() !== first;
  }, 'another engine');
  assert.equal(await suggestion(), before);
  await workbench.command('Inkling: Choose Where Models Run');
  await workbench.screenshot('choose-engine');
  await row('sandboxed').click();
  await workbench.until(async () => engine() === '', 'the end of the engine');
  await workbench.untilStatus(/suggesting/);
  assert.equal((await workbench.machineSettings())['inkling.engine'], 'wasm');
  await untilMenuSays(/WebAssembly: .*as the settings say/, 'menu-chosen');
  assert.equal(await suggestion(), before);
  await workbench.setForMachine({ 'inkling.enginePath': '/no/such/program' });
  await toast(/The model runs in the core itself.*ENOENT/).waitFor();
  await workbench.screenshot('no-engine');
  assert.equal(await suggestion(), before);
  await workbench.setForMachine({});
  await rm(bin, { recursive: true });
});

test('the native program answers, and is started again when it is killed', async (t) => {
  if (!(await access(NATIVE).then(() => true, () => false))) return t.skip('no native program has been built');
  await workbench.setForMachine({ 'inkling.server': 'native', 'inkling.nativePath': NATIVE });
  const program = () => running(`${NATIVE} lsp`);
  await workbench.until(async () => program() !== '', 'the program');
  await workbench.untilStatus(/suggesting/);
  await suggestion();
  const first = program();
  process.kill(Number(first), 'SIGKILL');
  await workbench.until(async () => program() !== '' && program() !== first, 'another one');
  await workbench.untilStatus(/suggesting/);
  await suggestion();
  await workbench.setForMachine({ 'inkling.server': 'native', 'inkling.nativePath': '/no/such/program' });
  await workbench.untilStatus(/ENOENT/);
});
