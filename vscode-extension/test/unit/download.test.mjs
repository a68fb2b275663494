// Downloads from a real server on the loopback interface that serves slowly and knows ranges.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { load } from './bundle.mjs';

const { download } = await load('download.ts');
const file = randomBytes(3_000_000);
const asked = [];
let server, url, folder;
/** What the server does wrong. */
let fault;

before(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.range);
    if (fault === 'missing') return response.writeHead(404).end();
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range)?.[1] ?? 0);
    if (fault === 'no ranges' || !request.headers.range) response.writeHead(200, { 'content-length': file.length });
    else response.writeHead(206, { 'content-length': file.length - start });
    const rest = fault === 'no ranges' ? file : file.subarray(start);
    response.write(rest.subarray(0, rest.length / 2));
    if (fault === 'cut') setTimeout(() => response.destroy(), 50);
    else setTimeout(() => response.end(rest.subarray(rest.length / 2)), 100);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}/some/model%20x.gguf?download=true`;
});

after(() => server.close());

beforeEach(async () => {
  if (folder) await rm(folder, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), 'inkling-download-'));
  asked.length = 0;
  fault = undefined;
});

after(() => rm(folder, { recursive: true }));

const get = (progress = () => {}, signal = new AbortController().signal) => download(url, folder, progress, signal);

test('a file comes whole, with progress', async () => {
  const heard = [];
  const path = await get((bytes, total) => heard.push([bytes, total]));
  assert.equal(path, join(folder, 'model_x.gguf'));
  assert.deepEqual(await readFile(path), file);
  assert.deepEqual(heard.at(-1), [file.length, file.length]);
  assert.ok(heard.length > 2);
});

test('a download that was cancelled goes on where it stopped', async () => {
  const abort = new AbortController();
  const cancelled = get((bytes) => bytes > 500_000 && abort.abort(), abort.signal);
  await assert.rejects(cancelled, { name: 'AbortError' });
  assert.deepEqual(await readdir(folder), ['model_x.gguf.part']);
  assert.deepEqual(await readFile(await get()), file);
  assert.match(asked[1], /bytes=[1-9]\d+-/);
});

test('a server without ranges sends it all again', async () => {
  fault = 'cut';
  await assert.rejects(get());
  fault = 'no ranges';
  assert.deepEqual(await readFile(await get()), file);
});

test('a connection that breaks is told, and what came is kept', async () => {
  fault = 'cut';
  await assert.rejects(get());
  fault = undefined;
  assert.deepEqual(await readFile(await get()), file);
});

test('an address without a file is told', async () => {
  fault = 'missing';
  await assert.rejects(get(), /the server answers 404/);
});

test('a file that is there is not fetched again', async () => {
  await get();
  await get();
  assert.equal(asked.length, 1);
});
