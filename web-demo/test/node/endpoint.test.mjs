// The WASM core with a model behind a server, asked by `fetch`.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { startCore } from './core.mjs';

const opened = [];

after(() => Promise.all(opened.map((close) => close())));

/** A promise that is resolved from outside. */
function later() {
  let resolve;
  const promise = new Promise((resolved) => (resolve = resolved));
  return { promise, resolve };
}

/** A server that answers by `answer(response, request)`, what it was asked, and whether the client left. */
async function serve(answer) {
  const asked = [];
  const left = later();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      asked.push({ url: request.url, headers: request.headers, body: body && JSON.parse(body) });
      response.on('close', () => left.resolve(!response.writableEnded));
      answer(response, request);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => server.closeAllConnections());
  opened.push(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, asked, left: left.promise };
}

/** A core that asks `endpoint`, with a document open. */
async function open(endpoint) {
  const core = await startCore();
  opened.push(core.stop);
  const settings = { candidates: 1, endpoint: { model: 'qwen', key: 'sk-secret', timeoutMs: 20_000, ...endpoint } };
  await core.request('initialize', { capabilities: {}, rootUri: 'file:///p', initializationOptions: settings });
  core.notify('initialized', {});
  const textDocument = { uri: 'file:///p/a.py', languageId: '', version: 1, text: 'def add(a, b):\n    return ' };
  core.notify('textDocument/didOpen', { textDocument });
  const at = { textDocument: { uri: textDocument.uri }, position: { line: 1, character: 11 } };
  const ask = () => core.request('textDocument/inlineCompletion', { ...at, context: { triggerKind: 1 } });
  return { core, ask };
}

const event = (text) => `data: ${JSON.stringify({ choices: [{ text }] })}\n\n`;
const status = (code, body = '', headers = {}) => (response) => response.writeHead(code, headers).end(body);

test('the answer is heard as it is written, and no more of it than is wanted', async () => {
  const server = await serve((response) => {
    // The end of the line is the end of the suggestion: the server, which would go on, is left.
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(event('a '));
    setTimeout(() => response.write(event('+ b\n') + event('more')), 50);
  });
  const { ask } = await open({ url: server.url, headers: { 'X-Team': 'tools' } });
  const { items } = await ask();
  assert.equal(items[0].insertText, 'a + b');
  assert.equal(await server.left, true);
  const [{ url, headers, body }] = server.asked;
  assert.equal(url, '/v1/completions');
  assert.equal(headers.authorization, 'Bearer sk-secret');
  assert.equal(headers['x-team'], 'tools');
  assert.equal(body.stream, true);
  assert.match(body.prompt, /<\|fim_prefix\|>def add\(a, b\):\n {4}return <\|fim_suffix\|>/);
});

for (const [begun, begin] of [
  ['has not begun to answer', () => {}],
  ['is in the middle of its answer', (response) => response.writeHead(200).write('data: {')],
]) {
  test(`the next keystroke leaves a server that ${begun}`, async () => {
    const heard = later();
    const server = await serve((response) => {
      begin(response);
      heard.resolve();
    });
    const { core, ask } = await open({ url: server.url });
    const answer = ask();
    await heard.promise;
    const position = { line: 1, character: 11 };
    const contentChanges = [{ range: { start: position, end: position }, text: 'a' }];
    core.notify('textDocument/didChange', { textDocument: { uri: 'file:///p/a.py', version: 2 }, contentChanges });
    assert.equal(await answer, null);
    assert.equal(await server.left, true);
  });

  test(`a server that ${begun} is given up in time`, async () => {
    const server = await serve(begin);
    const { ask } = await open({ url: server.url, timeoutMs: 200 });
    await assert.rejects(ask(), /has not answered within 0\.2 s/);
    assert.equal(await server.left, true);
  });
}

for (const [what, answer, expected] of [
  ['a wrong key', status(401, '{"error":{"message":"bad key sk-secret"}}'), /refuses the key \(401\): bad key …/],
  ['an unknown model', status(404, `{"error":"model 'qwen' not found"}`), /has no model "qwen"/],
  ['too many requests', status(429, '', { 'Retry-After': '7' }), /too many requests; it is asked again in 7 s/],
  ['another page', status(200, '<html>'), /answers something else than a completion/],
  ['a redirect', status(307, '', { Location: 'http://127.0.0.1:9/' }), /answers with an error \(307\)|another address/],
]) {
  test(`${what} is an error that says what to do`, async () => {
    const server = await serve(answer);
    const { ask } = await open({ url: server.url });
    await assert.rejects(ask(), (error) => {
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /sk-secret/);
      return true;
    });
    assert.equal(server.asked.length, 1);
  });
}

test('nobody there is an error that says why', async () => {
  const { url } = await serve(() => {});
  await opened.pop()();
  const { ask } = await open({ url });
  await assert.rejects(ask(), /cannot reach .*ECONNREFUSED.*check that the server runs/);
});

test('a header that is none is an error', async () => {
  const { ask } = await open({ url: 'http://127.0.0.1:9', headers: { 'a header': 'x' } });
  await assert.rejects(ask(), /a header/);
});

test('a server is tested without being used', async () => {
  const server = await serve((response) => response.end(event('a + b')));
  const { core } = await open({ url: '' });
  const result = await core.request('inkling/testEndpoint', { url: server.url, model: 'qwen' });
  assert.equal(result.text, 'a + b');
  assert.ok(result.firstMs <= result.totalMs);
});
