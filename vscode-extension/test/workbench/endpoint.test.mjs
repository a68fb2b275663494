// A model on a server: chosen, tried, given its key, and not believed from a folder that is not trusted.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { Workbench } from './workbench.mjs';

const files = { 'vector.py': 'def scaled(vector, factor):\n    return ' };
const opened = [];

after(() => Promise.all(opened.map((close) => close())));

/** A server that wants a key, and what it was asked. */
async function serve() {
  const asked = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      asked.push({ key: request.headers.authorization, prompt: body && JSON.parse(body).prompt });
      if (request.headers.authorization !== 'Bearer sk-right') return response.writeHead(401).end('{"error":"a key, please"}');
      response.end(`data: ${JSON.stringify({ choices: [{ text: 'from_the_server(vector)' }] })}\n\ndata: [DONE]\n\n`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${server.address().port}`, asked };
}

async function open(options) {
  const workbench = await Workbench.open({ files, ...options });
  opened.push(() => workbench.close());
  await workbench.edit('vector.py');
  await workbench.untilStatus(/suggesting/);
  return workbench;
}

test('a server is chosen, asks for its key, answers, is tested, and is left for the embedded model', async () => {
  const { url, asked } = await serve();
  const workbench = await open({});
  const { page } = workbench;
  const toast = (text) => page.locator('.notification-toast', { hasText: text });
  const row = (text) => page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  const fill = async (title, text) => {
    await page.locator('.quick-input-title', { hasText: title }).waitFor();
    await workbench.quickInput().fill(text);
    await workbench.press('Enter');
  };
  await workbench.command('Inkling: Choose a Model');
  await row('A model on a server').click();
  await fill('(1 of 3)', url);
  await fill('(2 of 3)', 'qwen2.5-coder');
  await workbench.screenshot('endpoint-api');
  await row('Automatic').click();
  await toast(/refuses the key \(401\): a key, please/).waitFor();
  await workbench.screenshot('endpoint-key');
  await toast('refuses the key').getByRole('button', { name: 'Enter a Key' }).click();
  await fill('The key for', 'sk-right');
  // The editor may be in the middle of writing them.
  const setting = async () => (await workbench.machineSettings().catch(() => ({})))['inkling.endpoint.url'];
  await workbench.until(async () => (await setting()) === url, 'the setting');
  await workbench.untilStatus(/suggesting/);
  await workbench.edit('vector.py');
  await workbench.command('Inkling: Suggest Now');
  assert.equal(await workbench.nextGhostText(), 'from_the_server(vector)');
  await workbench.screenshot('endpoint');
  assert.match(asked.at(-1).prompt, /def scaled\(vector, factor\):\n {4}return <\|fim_suffix\|>/);
  assert.doesNotMatch(JSON.stringify(await workbench.machineSettings()), /sk-right/);
  await workbench.press('Escape');
  await workbench.command('Inkling: Test the Server');
  await toast(/answers: first word after \d+ ms, all after \d+ ms/).first().waitFor();
  await workbench.screenshot('endpoint-test');
  await workbench.command('Inkling: Choose a Model');
  await row('Embedded model').click();
  await toast(/answers from now on/).waitFor();
  assert.equal((await workbench.machineSettings())['inkling.endpoint.url'], undefined);
  const nAsked = asked.length;
  await workbench.edit('vector.py');
  await workbench.command('Inkling: Suggest Now');
  assert.notEqual(await workbench.nextGhostText(), 'from_the_server(vector)');
  assert.equal(asked.length, nAsked);
});

test('the server of an untrusted folder is not asked', async () => {
  const { url, asked } = await serve();
  const settings = {
    'security.workspace.trust.enabled': true,
    'security.workspace.trust.startupPrompt': 'never',
    'security.workspace.trust.banner': 'never',
    'security.workspace.trust.untrustedFiles': 'open',
  };
  const wishes = JSON.stringify({ 'inkling.endpoint.url': url, 'inkling.endpoint.model': 'qwen' });
  const workbench = await open({ files: { ...files, '.vscode/settings.json': wishes }, settings });
  await workbench.command('Inkling: Suggest Now');
  await workbench.nextGhostText();
  assert.equal(asked.length, 0);
});
