import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import init, { LanguageServer } from '../../web-demo/pkg/inkling_wasm.js';
import type { WorkerData } from './launch.node';
import { metricsFiles } from './metrics-files';
import { engineStarter } from './spawn-engine';

// The core in a Worker of Node. Messages wait in the port until the module is compiled.
const port = parentPort;
if (!port) throw new Error('this is the script of a Worker');
await init({ module_or_path: await readFile(new URL('inkling_wasm_bg.wasm', import.meta.url)) });
const { engine, storage }: WorkerData = workerData ?? {};
const hosted = [engine ? engineStarter(engine) : undefined, storage ? metricsFiles(storage) : undefined] as const;
const server = new LanguageServer((message: object) => port.postMessage(message), open, ...hosted);
port.on('message', (message: object) => server.receive(message));

/** A model by its address, or by its path on this machine, which is read in ranges where it lies. */
function open(uri: string): Promise<Response | Blob> {
  if (/^https?:/.test(uri)) return fetch(uri);
  return openAsBlob(uri.startsWith('file:') ? fileURLToPath(uri) : uri);
}
