// A model on a server, in the playground: CORS, the test, the key, and the way back.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { launchBrowser, Playground, serveDist } from './playground.mjs';

const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' };
const servers = [];
let browser, site;

before(async () => {
  site = await serveDist();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  site?.close();
  for (const server of servers) server.close(server.closeAllConnections());
});

/** A server that sends `headers` with every answer, and the keys that it was sent. */
async function serve(headers) {
  const keys = [];
  const server = createServer((request, response) => {
    if (request.method === 'OPTIONS') return response.writeHead(204, headers).end();
    if (request.method === 'POST') keys.push(request.headers.authorization);
    request.resume().on('end', () => {
      const event = { choices: [{ text: 'from_the_server(a)' }] };
      response.writeHead(200, headers).end(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { url: `http://127.0.0.1:${server.address().port}`, keys };
}

test('a server is tried, answers with the key from the form, and is left again', async () => {
  const [open, closed] = [await serve(CORS), await serve({})];
  const playground = await Playground.open(browser, site.url);
  const { page } = playground;
  const own = await playground.nextGhostText();
  const result = (state) => page.locator(`#endpoint-result[data-state=${state}]`).textContent();
  await page.click('#use-endpoint');
  await page.fill('#endpoint-url', closed.url);
  await page.click('#endpoint-test');
  assert.match(await result('bad'), /it is there, but does not let this page read its answers; have it send CORS headers/);
  await page.fill('#endpoint-url', open.url);
  await page.fill('#endpoint-model', 'qwen');
  await page.fill('#endpoint-key', 'sk-secret');
  await page.click('#endpoint-test');
  assert.match(await result('good'), /answers "from_the_server\(a\)": first word after \d+ ms, all after \d+ ms/);
  await page.click('#endpoint [type=submit]');
  await page.locator('#claim', { hasText: `What you type is sent to ${new URL(open.url).host}.` }).waitFor();
  await playground.press('Alt+\\');
  await playground.until(async () => (await playground.ghostText()) === 'from_the_server(a)', "the server's text");
  assert.ok(open.keys.every((key) => key === 'Bearer sk-secret'), open.keys.join());
  const kept = await page.evaluate(() => JSON.stringify(localStorage));
  assert.match(kept, /127\.0\.0\.1/);
  assert.doesNotMatch(kept, /sk-secret/);
  await page.click('#use-endpoint');
  await page.click('#endpoint-leave');
  await page.locator('#claim', { hasText: 'Nothing you type leaves it.' }).waitFor();
  const nAsked = open.keys.length;
  await playground.press('Escape');
  await playground.press('Alt+\\');
  await playground.until(async () => (await playground.ghostText()) === own, 'the own model');
  assert.equal(open.keys.length, nAsked);
  assert.deepEqual(playground.errors, []);
  await playground.close();
});
