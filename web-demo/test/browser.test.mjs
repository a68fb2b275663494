import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { contrary } from './gguf.mjs';
import { DIST, launchBrowser, Playground, serveDist } from './playground.mjs';

let browser;
let site;

before(async () => {
  site = await serveDist();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  site?.close();
});

/** What the native program, built for its own tests, suggests at a place in a text. */
function complete(text, place, path) {
  const program = fileURLToPath(new URL('../../target/debug/inkling', import.meta.url));
  const args = ['complete', place, '--path', path, '--root', '.', '--json'];
  return JSON.parse(execFileSync(program, args, { input: text, encoding: 'utf8' }));
}

/** A test on a page of its own, on which nothing may go wrong unseen and nothing is asked of other sites. */
function visit(name, steps, { options, expectedErrors = [] } = {}) {
  test(name, async () => {
    const playground = await Playground.open(browser, site.url, options);
    try {
      await steps(playground);
      const foreign = playground.requests.filter((url) => !url.startsWith(site.url) && !/^(blob|data):/.test(url));
      assert.deepEqual(foreign, []);
      assert.deepEqual(playground.errors, expectedErrors);
    } finally {
      await playground.close();
    }
  });
}

visit('the sample invites a completion before anything is typed', async (playground) => {
  assert.match(await playground.nextGhostText(), /\S/);
  assert.match(await playground.page.locator('#model-facts').textContent(), /M parameters · [\d.]+ MB · .*CPU/);
  assert.match(await playground.page.locator('#executor-note').textContent(), /processor \(CPU.*since there is no WebGPU here/);
});

visit('what is typed is answered by ghost text, and it is what the glass box shows', async (playground) => {
  await playground.nextGhostText();
  await playground.clickAfter('self.y = y');
  await playground.type('\n\ndef scaled(self, factor: float):\n');
  await playground.type('return ');
  await playground.nextGhostText();
  // Asked anew, since the rest of a suggestion that was typed into is shown without asking the model.
  await playground.press('Escape');
  await playground.until(async () => (await playground.ghostText()) === '', 'no ghost text');
  await playground.press('Alt+\\');
  const ghost = await playground.nextGhostText();
  await playground.panel('Suggestion');
  await playground.until(async () => (await playground.shownPanel('ins')) === ghost, 'the suggestion in the glass box');
  assert.match(await playground.panel('Prompt'), /def scaled/);
  assert.match(await playground.panel('Tree'), /scaled/);
  assert.match(await playground.panel('Context'), /vector\.py/);
  assert.ok((await playground.panel('Raw')).length > 0);
  assert.match(await playground.panel('Tokens', 'span'), /scaled/);
  assert.match(await playground.panel('Logits', '.steps b'), /^[\d.]+ %/);
  assert.match(await playground.page.locator('#speed').textContent(), /^\d+ ms · [\d.]+ tokens\/s$/);
  assert.match(await playground.page.locator('#timing').textContent(), /prefill [\d.]+ ms.*decode [\d.]+ ms/);
});

visit('typed text gets the ghost text that `inkling complete` gives', async (playground) => {
  await playground.nextGhostText();
  const written = 'import os\n\n\ndef size_of(path):\n    size = ';
  await playground.drop('sizes.py', Buffer.from(written));
  await playground.until(async () => (await playground.code()).startsWith('import os'), 'the file');
  await playground.clickAfter('size =');
  await playground.type('os.path.getsize');
  // The answer to the whole text, not what is left of the answer to a part of it.
  await playground.press('Escape');
  await playground.press('Alt+\\');
  const ghost = await playground.nextGhostText();
  const expected = complete(`${written}os.path.getsize`, '-:5:27', 'sizes.py');
  assert.equal(ghost, expected.candidates[0].text);
});

visit('Tab accepts', async (playground) => {
  const ghost = await playground.nextGhostText();
  const code = await playground.code();
  await playground.press('Tab');
  await playground.until(async () => (await playground.code()) !== code, 'the text');
  assert.equal(await playground.code(), code.replace('return \n', `return ${ghost}\n`));
});

visit('Esc dismisses', async (playground) => {
  await playground.nextGhostText();
  const code = await playground.code();
  await playground.press('Escape');
  await playground.until(async () => (await playground.ghostText()) === '', 'no ghost text');
  assert.equal(await playground.code(), code);
});

visit('Control and Right accept a word', async (playground) => {
  const ghost = await playground.nextGhostText();
  const code = await playground.code();
  await playground.press('ControlOrMeta+ArrowRight');
  await playground.until(async () => (await playground.code()) !== code, 'the text');
  const [, word] = /return ([^\n]*)\n\n    def __mul__/.exec(await playground.code());
  assert.ok(word !== '' && ghost.startsWith(word), word);
  assert.equal(await playground.ghostText(), ghost.slice(word.length));
});

visit('Alt and ] show another candidate, Alt and [ the first again', async (playground) => {
  const first = await playground.nextGhostText();
  await playground.press('Alt+]');
  const second = await playground.nextGhostText(first);
  assert.notEqual(second, first);
  await playground.press('Alt+[');
  assert.equal(await playground.nextGhostText(second), first);
});

visit('pausing leaves suggestions to their key', async (playground) => {
  await playground.nextGhostText();
  await playground.page.getByRole('button', { name: 'Pause' }).click();
  await playground.clickAfter('self.y = y');
  await playground.type('\nself.z = ');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal(await playground.ghostText(), '');
  await playground.press('Alt+\\');
  assert.notEqual(await playground.nextGhostText(), '');
});

test('every language has a sample that gets an answer', async () => {
  const playground = await Playground.open(browser, site.url);
  try {
    await playground.nextGhostText();
    const languages = await playground.page.locator('#language option').allTextContents();
    assert.equal(languages.length, (await readdir(join(DIST, 'samples'))).length);
    await playground.panel('Tree');
    for (const language of languages.slice(1)) {
      const before = await playground.shownPanel();
      await playground.page.locator('#language').selectOption({ label: language });
      const answered = async () => !['', before].includes(await playground.shownPanel());
      await playground.until(answered, `a tree of ${language}`);
    }
    assert.deepEqual(playground.errors, []);
  } finally {
    await playground.close();
  }
});

visit('a local file can be opened, and a file that is no text is refused', async (playground) => {
  await playground.nextGhostText();
  await playground.drop('greeting.py', Buffer.from('def greet(name):\n    return "Hello, " + name\n\n\ndef part(name):\n    return '));
  await playground.until(async () => (await playground.code()).startsWith('def greet'), 'the file');
  assert.equal(await playground.page.locator('#language option:checked').textContent(), 'greeting.py');
  await playground.drop('picture.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]));
  await playground.until(async () => (await playground.notice()).includes('picture.png is not UTF-8 text'), 'a notice');
  await playground.page.locator('#language').selectOption({ label: 'Rust' });
  await playground.until(async () => (await playground.code()).includes('pub fn is_empty'), 'the sample');
});

visit('another model by drop changes the answer', async (playground) => {
  await playground.nextGhostText();
  const before = await playground.panel('Raw');
  await playground.drop('contrary.gguf', contrary(await shippedModel()));
  await playground.until(async () => (await playground.shownPanel()) !== before, 'another answer');
});

visit('a broken model is refused, and the old one goes on', async (playground) => {
  const ghost = await playground.nextGhostText();
  const name = await playground.page.locator('#model-name').textContent();
  await playground.drop('broken.gguf', (await shippedModel()).subarray(0, 5_000));
  await playground.until(async () => (await playground.notice()).startsWith('broken.gguf: '), 'a notice');
  assert.match(await playground.notice(), /goes on answering/);
  assert.equal(await playground.page.locator('#model-name').textContent(), name);
  await playground.page.getByRole('button', { name: 'Close' }).click();
  await playground.page.getByRole('button', { name: 'Suggest' }).click();
  assert.equal(await playground.nextGhostText(), ghost);
});

test('a model that cannot be fetched, or whose loading is cancelled, can be tried again', async () => {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const playground = new Playground(page);
    await page.route('**/*.gguf', (route) => route.abort());
    await page.goto(site.url);
    await playground.until(async () => (await playground.notice()).includes('.gguf'), 'a notice');
    assert.equal(await page.locator('#model-name').textContent(), 'No model');
    await page.unroute('**/*.gguf');
    await page.route('**/*.gguf', (route) => setTimeout(() => route.continue(), 1_000));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await playground.until(async () => (await playground.notice()).includes('cancelled'), 'a notice');
    await page.getByRole('button', { name: 'Try again' }).click();
    assert.match(await playground.nextGhostText(), /\S/);
    assert.equal(await playground.notice(), '');
  } finally {
    await context.close();
  }
});

test('a core that stops is started again with the text as it is', async () => {
  const playground = await Playground.open(browser, site.url);
  try {
    const ghost = await playground.nextGhostText();
    const worker = playground.page.workers().find((each) => each.url().includes('/worker-'));
    await worker.evaluate(() => setTimeout(() => reportError(new Error('a test'))));
    await playground.until(async () => (await playground.notice()).includes('The core stopped'), 'a notice');
    await playground.until(async () => (await playground.notice()) === '', 'the core');
    assert.equal(await playground.nextGhostText(), ghost);
  } finally {
    await playground.close();
  }
});

test('it works offline after the first visit', async () => {
  const other = await serveDist();
  const context = await browser.newContext();
  try {
    const first = new Playground(await context.newPage());
    await first.page.goto(other.url);
    await first.page.getByText('Works offline').waitFor();
    other.close();
    const second = new Playground(await context.newPage());
    await second.page.goto(other.url);
    assert.match(await second.nextGhostText(), /\S/);
    assert.deepEqual(second.errors, []);
  } finally {
    other.close();
    await context.close();
  }
});

visit(
  'the theme follows the system, can be changed, and is remembered',
  async ({ page }) => {
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.locator('.monaco-editor').waitFor();
    assert.equal(await theme(), 'dark');
    const dark = await paper();
    await page.getByRole('button', { name: 'Dark theme' }).click();
    assert.equal(await theme(), 'light');
    assert.notEqual(await paper(), dark);
    await page.reload();
    await page.locator('.monaco-editor').waitFor();
    assert.equal(await theme(), 'light');
  },
  { options: { colorScheme: 'dark' } },
);

visit('everything can be reached and named without eyes or a mouse', async (playground) => {
  const { page } = playground;
  const ghost = await playground.nextGhostText();
  assert.equal(await page.locator('#announcer').textContent(), `Suggestion: ${ghost}`);
  assert.deepEqual(await page.evaluate(unnamedControls), []);
  await page.getByRole('tab', { name: 'Tree' }).click();
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Suggestion');
  assert.equal(await page.getByRole('tab', { selected: true }).textContent(), 'Suggestion');
  assert.equal(await page.locator('[role=tab][tabindex="0"]').count(), 1);
  const skip = page.locator('a, button, input, select').first();
  await skip.focus();
  assert.ok((await skip.boundingBox()).width > 100);
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'editor-section');
});

visit(
  'on a narrow screen the glass box is below the editor, and nothing sticks out',
  async (playground) => {
    await playground.nextGhostText();
    const editor = await playground.page.locator('#editor').boundingBox();
    const box = await playground.page.locator('#glass-box').boundingBox();
    assert.ok(box.y > editor.y + editor.height);
    assert.equal(await playground.page.evaluate(() => document.documentElement.scrollWidth), 390);
  },
  { options: { viewport: { width: 390, height: 780 } } },
);

async function shippedModel() {
  const [name] = await readdir(join(DIST, 'models'));
  return readFile(join(DIST, 'models', name));
}

/** Runs in the page: the controls outside the editor that no name can be computed for. */
function unnamedControls() {
  const controls = document.querySelectorAll('button, select, input, progress, a[href], [role=tab], [role=tabpanel], section');
  const name = (element) =>
    element.getAttribute('aria-label') ||
    [...(element.labels ?? [])].map((label) => label.textContent).join('') ||
    document.getElementById(element.getAttribute('aria-labelledby') ?? '')?.textContent ||
    (element.matches('button, a, [role=tab]') && element.textContent.trim());
  return [...controls].filter((element) => !element.closest('.monaco-editor') && !name(element)).map((element) => element.outerHTML);
}
