// Models that the browser keeps: by address and from the disk, broken off and gone on with, chosen, deleted.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { contrary } from './gguf.mjs';
import { DIST, launchBrowser, Playground, serveDist } from './playground.mjs';

const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'ETag' };

/** Where the server stops in the middle of `slow.gguf`. */
const HALF = 4_000_000;

/** What it calls its files' version. */
let version = 'first';

let browser, site, other, server;

before(async () => {
  site = await serveDist();
  browser = await launchBrowser();
  const [name] = await readdir(join(DIST, 'models'));
  other = Buffer.from(contrary(await readFile(join(DIST, 'models', name))));
  server = await serveModels();
});

after(async () => {
  await browser?.close();
  site?.close();
  server?.close();
});

/** A server with models, and what it was asked for: `slow.gguf` stops half-way until it is asked for the rest. */
async function serveModels() {
  const asked = [];
  const files = {
    '/slow.gguf': [other, CORS],
    '/page.gguf': [Buffer.from('<!doctype html><title>Not found</title>'), CORS],
    '/cut.gguf': [other.subarray(0, HALF), CORS],
    '/closed.gguf': [other, {}],
  };
  const http = createServer((request, response) => {
    const [bytes, cors] = files[request.url] ?? [];
    if (!bytes) return response.writeHead(404, CORS).end();
    const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    asked.push({ url: request.url, start });
    const headers = { ...cors, ETag: `"${version}"`, 'Content-Length': bytes.length - start };
    if (first) headers['Content-Range'] = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(first ? 206 : 200, headers);
    if (request.url !== '/slow.gguf' || first) return response.end(bytes.subarray(start));
    response.write(bytes.subarray(0, HALF));
    // Progress is shown ten times a second at most.
    setTimeout(() => response.write(bytes.subarray(HALF, HALF + 1)), 500);
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const close = () => http.close(http.closeAllConnections());
  return { url: `http://127.0.0.1:${http.address().port}`, asked, close };
}

/** What the model wrote, once that is something else than `before`. */
async function nextAnswer(playground, before = '') {
  const isNew = async () => !['', before].includes(await playground.panel('Raw'));
  await playground.until(isNew, 'another answer');
  return playground.shownPanel();
}

/** The dialog of models, as it is read out. */
async function shelf({ page }) {
  await page.getByRole('button', { name: 'Models…' }).click();
  return page.getByRole('dialog', { name: 'Models in this tab' });
}

const rows = (dialog) => dialog.getByRole('listitem').allTextContents();

async function fetchModel(playground, path) {
  const dialog = await shelf(playground);
  await dialog.getByLabel('Address of a model file').fill(`${server.url}${path}`);
  await playground.press('Enter');
}

const kept = ({ page }) =>
  page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    return Array.fromAsync(folder.keys());
  });

test('a model by its address: broken off, gone on with, chosen after a reload, deleted', async () => {
  const playground = await Playground.open(browser, site.url);
  const { page } = playground;
  const own = await nextAnswer(playground);
  await fetchModel(playground, '/slow.gguf');
  await page.locator('#model-message', { hasText: 'Fetching slow.gguf: 4.0 of 17.0 MB' }).waitFor();

  await page.reload();
  await playground.nextGhostText();
  const dialog = await shelf(playground);
  await dialog.getByRole('button', { name: 'Go on fetching slow.gguf' }).waitFor();
  assert.match((await rows(dialog))[1], /slow\.gguf4\.0 MB of [\d.]+ MB/);
  await dialog.getByRole('button', { name: 'Go on fetching slow.gguf' }).press('Enter');
  const others = await nextAnswer(playground, own);
  assert.deepEqual(server.asked, [{ url: '/slow.gguf', start: 0 }, { url: '/slow.gguf', start: HALF + 1 }]);

  await page.reload();
  assert.equal(await nextAnswer(playground), others);
  assert.equal(server.asked.length, 2);

  await shelf(playground);
  await dialog.getByRole('button', { name: 'Delete slow.gguf' }).click();
  await dialog.getByRole('button', { name: 'Delete 17.0 MB for good: slow.gguf' }).click();
  await playground.until(async () => (await rows(dialog)).length === 1, 'the list without it');
  assert.match((await rows(dialog))[0], /The built-in model.*In use/);
  assert.deepEqual(await kept(playground), []);
  await playground.press('Escape');
  assert.equal(await nextAnswer(playground, others), own);
  assert.deepEqual(playground.errors, []);
  await playground.close();
});

test('one that has changed since it was cancelled is fetched from its start', async () => {
  const playground = await Playground.open(browser, site.url);
  await playground.nextGhostText();
  server.asked.length = 0;
  await fetchModel(playground, '/slow.gguf');
  await playground.page.locator('#model-message', { hasText: '4.0 of' }).waitFor();
  const dialog = await shelf(playground);
  await dialog.getByText('Arriving').waitFor();
  await playground.press('Escape');
  await playground.page.getByRole('button', { name: 'Cancel' }).press('Enter');
  await playground.until(async () => (await playground.notice()).includes('4.0 MB of it are kept'), 'a notice');
  assert.equal(await playground.page.evaluate(() => document.activeElement.id), 'choose-model');
  version = 'second';
  await playground.page.getByRole('button', { name: 'Go on' }).click();
  await playground.until(() => server.asked.length === 3, 'the third request');
  assert.deepEqual(server.asked.map(({ start }) => start), [0, HALF + 1, 0]);
  await playground.close();
});

test('what is no model, is cut short, forbidden or out of reach is told of, and nothing of it is kept', async () => {
  const playground = await Playground.open(browser, site.url);
  await playground.nextGhostText();
  for (const [path, problem] of [
    ['/page.gguf', /not a GGUF file: it begins with "<!doctype html/],
    ['/cut.gguf', /truncated: the header says tensor/],
    ['/closed.gguf', /does not let this page read its answers/],
    ['/nothing.gguf', /there is no such file \(404\)/],
  ]) {
    await fetchModel(playground, path);
    await playground.until(async () => problem.test(await playground.notice()), problem);
  }
  assert.deepEqual(await kept(playground), []);
  await playground.page.context().setOffline(true);
  await fetchModel(playground, '/slow.gguf');
  await playground.until(async () => (await playground.notice()).includes('this browser is offline'), 'a notice');
  await playground.close();
});

test('a file from the disk is kept, answers also where there is no room, and is missed when it is gone', async () => {
  const playground = await Playground.open(browser, site.url);
  const { page } = playground;
  const own = await nextAnswer(playground);
  const cdp = await page.context().newCDPSession(page);
  const { origin } = new URL(site.url);
  await page.getByText('Works offline').waitFor();
  const usage = await page.evaluate(async () => (await navigator.storage.estimate()).usage);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 5e6 });
  await playground.drop('mine.gguf', other);
  await playground.until(async () => /mine\.gguf answers until .*there is no room for the rest of mine\.gguf/.test(await playground.notice()), 'a notice');
  await nextAnswer(playground, own);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin });
  await playground.drop('mine.gguf', other);
  const chosen = () => page.evaluate(() => localStorage.getItem('inkling.model'));
  await playground.until(async () => (await chosen()) === 'opfs:models/mine.gguf', 'the choice');
  const dialog = await shelf(playground);
  await dialog.getByText('17.0 MB · from this computer').waitFor();
  assert.match((await rows(dialog))[1], /mine\.gguf.*In use/);
  await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry('models', { recursive: true }));
  await page.reload();
  await playground.until(async () => (await playground.notice()).includes('mine.gguf is no longer kept'), 'a notice');
  await page.getByRole('button', { name: 'Use the built-in model' }).click();
  assert.equal(await nextAnswer(playground), own);
  await playground.close();
});
