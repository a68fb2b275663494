// The WASM core in a Node worker whose models run elsewhere: in a child process, or in the core as an engine.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import init, { Engine, LanguageServer } from '../../pkg/inkling_wasm.js';

await init({ module_or_path: readFileSync(new URL('../../pkg/inkling_wasm_bg.wasm', import.meta.url)) });
const launch = { process: launchProcess, page: launchPage }[workerData.kind];
const server = new LanguageServer((message) => parentPort.postMessage(message), open, launch);
parentPort.on('message', (message) => server.receive(message));

/** The core reads the header of the file that the engine opens by its path. */
async function open(path) {
  return new Blob([readFileSync(path)]);
}

function launchProcess(receive, ended) {
  const child = spawn(workerData.command[0], workerData.command.slice(1), { stdio: 'pipe' });
  let lastWords = '';
  child.stderr.on('data', (text) => (lastWords = (lastWords + text).slice(-2_000)));
  child.stdout.on('data', receive);
  child.on('error', (error) => ended(error.message));
  child.on('close', (code, signal) => ended([`it ended (${signal ?? `status ${code}`})`, lastWords.trim()].filter(Boolean).join(': ')));
  child.stdin.on('error', () => {});
  parentPort.postMessage({ method: 'test/engine', params: { pid: child.pid } });
  return { post: (bytes) => child.stdin.write(bytes), kill: () => child.kill('SIGKILL') };
}

/** Messages come later, as they do from another page. */
function launchPage(receive) {
  const engine = new Engine((bytes) => setImmediate(receive, bytes), open);
  return { post: (bytes) => setImmediate(() => engine.receive(bytes)), kill: () => {} };
}
