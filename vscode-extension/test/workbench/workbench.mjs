// A real VS Code (code-server) with the packed extension, driven through headless Chromium as a user drives it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const VSIX = fileURLToPath(new URL('../../../target/inkling-vscode.vsix', import.meta.url));
const CODE_SERVER = join(process.env.INKLING_TOOLS, 'code-server/out/node/entry.js');

/** Long enough for a machine that is busy with something else. */
const PATIENCE_MS = 60_000;

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Quiet surroundings: nothing but what is tested asks for attention. */
const SETTINGS = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.editor.useModal': 'off',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'editor.minimap.enabled': false,
  'editor.fontSize': 15,
  'window.commandCenter': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  // Whatever the model makes of it.
  'inkling.showUnsure': true,
};

export class Workbench {
  /** Starts an editor on a new folder with these files; `settings` are the user's, `others` manifests of extensions. */
  static async open({ files, settings = {}, others = [], locale }) {
    const home = await mkdtemp(join(tmpdir(), 'inkling-workbench-'));
    const folder = join(home, 'project');
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    for (const manifest of others) {
      const extension = join(home, `extensions/${manifest.publisher}.${manifest.name}-${manifest.version}`.toLowerCase());
      await mkdir(extension, { recursive: true });
      await writeFile(join(extension, 'package.json'), JSON.stringify(manifest));
    }
    await mkdir(join(home, 'data/User'), { recursive: true });
    await writeFile(join(home, 'data/User/settings.json'), JSON.stringify({ ...SETTINGS, ...settings }));
    const folders = ['--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions')];
    const env = { ...process.env, HOME: home, XDG_DATA_HOME: join(home, 'share'), XDG_CONFIG_HOME: join(home, 'config') };
    execFileSync(process.execPath, [CODE_SERVER, ...folders, '--install-extension', VSIX], { env });
    const port = await freePort();
    const options = ['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check'];
    const server = spawn(process.execPath, [CODE_SERVER, ...folders, ...options, folder], { env });
    const browser = await chromium.launch({ executablePath: process.env.INKLING_CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM_ARGS });
    const workbench = new Workbench(home, server, browser);
    await listening(server);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    workbench.page = await context.newPage();
    await workbench.page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
    await workbench.page.locator('.monaco-workbench').waitFor();
    return workbench;
  }

  constructor(home, server, browser) {
    Object.assign(this, { home, server, browser });
  }

  async close() {
    await this.browser.close();
    this.server.kill();
    await new Promise((resolve) => (this.server.exitCode === null ? this.server.once('exit', resolve) : resolve()));
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Opens a file of the folder and puts the cursor at its end. */
  async edit(name) {
    await this.press('ControlOrMeta+P');
    await this.quickInput().fill(name);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: name.split('/').pop() }).first().click();
    await this.page.locator(`.tab.active[data-resource-name="${name.split('/').pop()}"]`).waitFor();
    await this.page.locator('.editor-group-container.active .view-lines').first().click();
    await this.press('ControlOrMeta+End');
  }

  /** Runs a command of the palette. */
  async command(title) {
    // What comes to the front by itself closes the palette.
    await this.until(async () => {
      await this.press('F1');
      return this.quickInput().fill(`>${title}`, { timeout: 5_000 }).then(() => true, () => false);
    }, 'the command palette');
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click();
  }

  quickInput() {
    return this.page.locator('.quick-input-widget:not([style*="display: none"]) .quick-input-box input').first();
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text, { delay: 40 });
  }

  /** What is on the screen of the active editor, without ghost text. */
  code() {
    return this.page.evaluate(() => {
      const lines = [...document.querySelectorAll('.editor-group-container.active .view-lines > .view-line')];
      const text = (line) => {
        const copy = line.cloneNode(true);
        for (const ghost of copy.querySelectorAll('.ghost-text-decoration, .ghost-text, .ghost-text-decoration-preview')) ghost.remove();
        return copy.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
      };
      const top = (line) => Number.parseFloat(line.style.top);
      return lines.sort((a, b) => top(a) - top(b)).map(text).join('\n');
    });
  }

  /** The ghost text on the screen; empty where there is none. */
  ghostText() {
    return this.page.evaluate(() => {
      const text = (element) => element.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
      const find = (selector) => [...document.querySelectorAll(`.editor-group-container.active ${selector}`)].map(text);
      const inline = find('.view-line .ghost-text-decoration').join('');
      return [inline, ...find('.suggest-preview-text .view-line')].join('\n');
    });
  }

  /** Waits for ghost text other than `before`. */
  async nextGhostText(before = '') {
    let text = '';
    await this.until(async () => (text = await this.ghostText()) !== '' && text !== before, 'ghost text');
    return text;
  }

  async noGhostText() {
    await this.until(async () => (await this.ghostText()) === '', 'no ghost text');
  }

  /** What the status bar item says to a screen reader. */
  async status() {
    return this.page.locator('[id="inkling.inkling-vscode.inkling.status"] a').getAttribute('aria-label');
  }

  async untilStatus(pattern) {
    let status;
    await this.until(async () => pattern.test((status = await this.status())), `the status ${pattern}`).catch((error) => {
      throw new Error(`${error.message}; it says: ${status}`);
    });
    return status;
  }

  /** Replaces the user's settings by these and the quiet surroundings, in the editor for them. */
  set(settings) {
    return this.#replaceSettings('Preferences: Open User Settings (JSON)', { ...SETTINGS, ...settings });
  }

  /** Replaces the settings of the machine that the extension runs on, where all of `machine` scope are. */
  setForMachine(settings) {
    return this.#replaceSettings('Preferences: Open Remote Settings (JSON)', settings);
  }

  /** The settings that a window has written for the machine. */
  async machineSettings() {
    return JSON.parse(await readFile(join(this.home, 'data/Machine/settings.json'), 'utf8').catch(() => '{}'));
  }

  async #replaceSettings(command, settings) {
    await this.command(command);
    await this.page.locator('.tab.active[data-resource-name="settings.json"]').waitFor();
    await this.page.locator('.editor-group-container.active .view-lines').first().click();
    await this.press('ControlOrMeta+A');
    await this.page.keyboard.insertText(JSON.stringify(settings));
    await this.press('ControlOrMeta+S');
    await this.page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    await this.command('View: Close Editor');
    await this.page.locator('.tab[data-resource-name="settings.json"]').waitFor({ state: 'detached' });
  }

  screenshot(name) {
    const folder = process.env.INKLING_SCREENSHOTS;
    return folder && this.page.screenshot({ path: join(folder, `${name}.png`) });
  }

  /** Waits until `condition` holds. */
  async until(condition, what) {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function listening(server) {
  let words = '';
  await new Promise((resolve, reject) => {
    const hear = (text) => /HTTP server listening/.test((words += text)) && resolve();
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('exit', () => reject(new Error(`code-server ended: ${words}`)));
  });
}
