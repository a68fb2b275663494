import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import init, { LanguageServer } from '../../web-demo/pkg/inkling_wasm.js';
import type { WorkerData } from './launch.node';
import { metricsFiles } from './metrics-files';
import { spawnEngine } from './spawn-engine';

// The core in a Worker of Node. Messages wait in the port until the module is compiled.
const port = parentPort;
if (!port) throw new Error('this is the script of a Worker');
await init({ module_or_path: await readFile(new URL('inkling_wasm_bg.wasm', import.meta.url)) });
const { engine, storage }: WorkerData = workerData ?? {};
const startEngine = engine ? (...heard: Heard) => spawnEngine(engine, ...heard) : undefined;
const metrics = storage ? metricsFiles(storage) : undefined;
const server = new LanguageServer((message: object) => port.postMessage(message), open, startEngine, metrics);
port.on('message', (message: object) => server.receive(message));

type Heard = [receive: (bytes: Uint8Array) => void, ended: (reason: string) => void];

/** A model by its address, or by its path on this machine, which is read in ranges where it lies. */
function open(uri: string): Promise<Response | Blob> {
  if (/^https?:/.test(uri)) return fetch(uri);
  return openAsBlob(uri.startsWith('file:') ? fileURLToPath(uri) : uri);
}
