// Speed of the WASM core in headless Chromium: node web-demo/bench.mjs MODEL.gguf [N_RUNS]
// Prints prefill and decode tokens a second of a prompt of about 500 tokens and an answer of 64, as
// `inkling/trace` reports them.
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const [model, nRuns = '5'] = process.argv.slice(2);
if (!model) throw new Error('usage: node web-demo/bench.mjs MODEL.gguf [N_RUNS]');

const worker = `
import init, { LanguageServer } from '/pkg/inkling_wasm.js';
await init({ module_or_path: '/pkg/inkling_wasm_bg.wasm' });
const server = new LanguageServer((message) => postMessage(message), (uri) => fetch(uri));
onmessage = ({ data }) => server.receive(data);
postMessage({ ready: true });`;

const page = `<script type="module">
const worker = new Worker('/worker.js', { type: 'module' });
const waiting = new Map();
const ready = new Promise((resolve) => waiting.set('ready', resolve));
worker.onmessage = ({ data }) => {
  if (data.ready) return waiting.get('ready')();
  if (data.error) console.error(JSON.stringify(data.error));
  if (!data.method) waiting.get(data.id)?.(data.result);
};
let nextId = 1;
const post = (message) => worker.postMessage({ jsonrpc: '2.0', ...message });
const request = (method, params) => new Promise((resolve) => {
  waiting.set(nextId, resolve);
  post({ id: nextId++, method, params });
});
window.bench = async (run) => {
  await ready;
  if (run === 0) {
    const initializationOptions = { maxTokens: 64, promptTokens: 520 };
    await request('initialize', { capabilities: {}, rootUri: 'file:///', initializationOptions });
    await request('inkling/loadModel', { uri: location.origin + '/model.gguf' });
  }
  // A body to be written, so that the answer goes on to its limit; every run begins otherwise.
  const words = Array.from({ length: 400 }, (_, i) => 'ab' + (i * 7 + run) % 97 + (i % 8 === 7 ? '\\n' : ' '));
  const text = 'run ' + run + ' ' + words.join('') + '{\\n';
  const uri = 'file:///bench' + run + '.rs';
  post({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'rust', version: 1, text } } });
  return request('inkling/trace', { textDocument: { uri }, position: { line: 51, character: 0 } });
};
</script>`;

const files = {
  '/': ['text/html', page],
  '/worker.js': ['text/javascript', worker],
  '/pkg/inkling_wasm.js': ['text/javascript', readFileSync(new URL('pkg/inkling_wasm.js', import.meta.url))],
  '/pkg/inkling_wasm_bg.wasm': ['application/wasm', readFileSync(new URL('pkg/inkling_wasm_bg.wasm', import.meta.url))],
};
const server = createServer((request, response) => {
  if (request.url === '/model.gguf') {
    response.writeHead(200, { 'Content-Length': statSync(model).size });
    return createReadStream(model).pipe(response);
  }
  const [type, body] = files[request.url] ?? [];
  if (!type) return response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': type }).end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.INKLING_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  const tab = await browser.newPage();
  tab.on('console', (message) => console.error(message.text()));
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  await tab.waitForFunction('window.bench');
  for (let run = 0; run < Number(nRuns); run++) {
    const trace = await tab.evaluate((n) => window.bench(n), run);
    const [prefill, decode] = [trace.prefillTokS, trace.decodeTokS].map((speed) => speed.toFixed(1));
    console.log(`prefill ${prefill} tok/s  decode ${decode} tok/s  (${trace.promptTokens} prompt tokens, ${trace.logits.length} written)`);
  }
} finally {
  await browser.close();
  server.close();
}
