// The WASM core in a Node worker, as a page has it in a Web Worker.
import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import init, { LanguageServer } from '../../pkg/inkling_wasm.js';

await init({ module_or_path: readFileSync(new URL('../../pkg/inkling_wasm_bg.wasm', import.meta.url)) });
const server = new LanguageServer((message) => parentPort.postMessage(message), fetch);
parentPort.on('message', (message) => server.receive(message));
