import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.mjs';

const files = {
  'vector.py': 'import math\n\n\nclass Vector:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n',
  'stack.rs': 'pub struct Stack<T> {\n    items: Vec<T>,\n}\n\nimpl<T> Stack<T> {\n    pub fn push(&mut self, item: T) {\n        self.items.push(item);\n    }\n',
  'cart.ts': 'export interface Item {\n  name: string;\n  price: number;\n}\n\nexport function total(items: Item[]): number {\n',
  'notes.md': '# Notes\n\n',
  '.env.local': 'TOKEN=1\n',
};

let workbench;

before(async () => {
  workbench = await Workbench.open({ files });
});

after(() => workbench?.close());

test('Python gets ghost text, and Tab inserts it', async () => {
  await workbench.edit('vector.py');
  await workbench.untilStatus(/suggesting as you type/);
  await workbench.type('\n    def length(self):\nreturn math.');
  const ghost = await workbench.nextGhostText();
  await workbench.screenshot('ghost-text');
  const before = await workbench.code();
  await workbench.press('Tab');
  await workbench.until(async () => (await workbench.code()) !== before, 'the text');
  assert.ok((await workbench.code()).includes(`return math.${ghost.split('\n')[0]}`), ghost);
});

test('undo takes it back', async () => {
  await workbench.press('Escape');
  await workbench.press('ControlOrMeta+Z');
  await workbench.until(async () => (await workbench.code()).trimEnd().endsWith('return math.'), 'the text before');
});

test('Rust gets ghost text, and Escape sends it away', async () => {
  await workbench.edit('stack.rs');
  await workbench.type('\n    pub fn len(&self) -> usize {\nself.');
  await workbench.nextGhostText();
  const before = await workbench.code();
  await workbench.press('Escape');
  await workbench.press('Escape');
  await workbench.noGhostText();
  assert.equal(await workbench.code(), before);
});

test('TypeScript gets ghost text, a word at a time', async () => {
  await workbench.edit('cart.ts');
  await workbench.type('return items.');
  await workbench.press('Escape');
  await workbench.command('Inkling: Suggest Now');
  const ghost = await workbench.nextGhostText();
  const before = await workbench.code();
  await workbench.press('ControlOrMeta+ArrowRight');
  await workbench.until(async () => (await workbench.code()) !== before, 'a word');
  const word = /return items\.(.+)$/m.exec(await workbench.code())?.[1];
  assert.ok(ghost.startsWith(word), `${word} begins ${ghost}`);
});

test('a pause stops suggestions by themselves, not those by key', async () => {
  await workbench.command('Inkling: Pause or Resume Suggestions');
  await workbench.untilStatus(/paused/);
  await workbench.screenshot('paused');
  await workbench.edit('vector.py');
  await workbench.type('\n\ndef area(width, height):\nreturn ');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.equal(await workbench.ghostText(), '');
  await workbench.command('Inkling: Suggest Now');
  await workbench.nextGhostText();
  await workbench.command('Inkling: Pause or Resume Suggestions');
  await workbench.untilStatus(/suggesting/);
});

test('a language and a file are off where the settings say so', async () => {
  await workbench.edit('notes.md');
  await workbench.untilStatus(/off for markdown/);
  await workbench.screenshot('off');
  await workbench.edit('.env.local');
  await workbench.untilStatus(/inkling\.exclude/);
  await workbench.edit('vector.py');
  await workbench.set({ 'inkling.enable': { python: false } });
  await workbench.untilStatus(/off for python/);
  await workbench.set({ 'inkling.enable': {} });
  await workbench.untilStatus(/suggesting/);
});

test('the menu has everything', async () => {
  await workbench.page.locator('[id="inkling.inkling-vscode.inkling.status"] a').click();
  await workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Choose a model' }).waitFor();
  await workbench.screenshot('menu');
  await workbench.press('Escape');
});

test('larger models are offered, with size and licence', async () => {
  await workbench.command('Inkling: Choose a Model…');
  const row = workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Qwen2.5-Coder 1.5B' });
  await row.waitFor();
  assert.match(await row.textContent(), /1\.6 GB · Apache-2\.0/);
  await workbench.screenshot('models');
  await workbench.press('Escape');
  await row.waitFor({ state: 'hidden' });
});

test('the inspector shows how the last suggestion came about', async () => {
  await workbench.command('Inkling: Show Menu');
  await workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Inspect the last suggestion' }).click();
  const view = workbench.page.frameLocator('iframe.webview.ready').last().frameLocator('iframe');
  await view.locator('#tabs button').first().waitFor();
  await workbench.edit('vector.py');
  await workbench.type('\n\ndef scaled(vector, factor):\nreturn ');
  await workbench.nextGhostText();
  await view.locator('.timing-bar').waitFor();
  await view.getByRole('tab', { name: 'Prompt' }).click();
  await view.locator('#panel', { hasText: 'def scaled' }).waitFor();
  await view.getByRole('tab', { name: 'Logits' }).click();
  await view.locator('.steps li').first().waitFor();
  await workbench.screenshot('inspector');
});

test('the diagnostics hold no code and no paths', async () => {
  await workbench.command('Inkling: Copy Diagnostics');
  await workbench.page.locator('.notification-toast', { hasText: 'on the clipboard' }).waitFor();
  const text = await workbench.page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /^Inkling: \d/);
  assert.match(text, /runs on: .*CPU/);
  assert.doesNotMatch(text, /\/|vector|def |project/);
});
