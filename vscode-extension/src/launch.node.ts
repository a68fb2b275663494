import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver-protocol/node';
import type { Launched } from './platform';
import { transports } from './transport';

/** Bytes of a dying process's last words that are kept. */
const MAX_LAST_WORDS = 2_000;

/** What the Worker is told at its start. */
export interface WorkerData {
  /** The program whose engine runs models; the core itself does without. */
  readonly engine?: string | undefined;
  /** The folder for what becomes of suggestions; it is not kept without one. */
  readonly storage?: string;
}

/** The WASM core in a Worker of Node; `dist` is where its script lies. */
export function launchWorker(dist: string, workerData: WorkerData): Launched {
  const worker = new Worker(join(dist, 'worker.node.mjs'), { name: 'inkling', stderr: true, workerData });
  let reason = '';
  worker.on('error', (error) => (reason = error.message));
  worker.stderr.on('data', (text) => (reason = String(text).trim()));
  return {
    transports: transports({
      post: (message) => worker.postMessage(message),
      onMessage: (listener) => worker.on('message', listener),
      onEnd: (listener) => worker.once('exit', listener),
    }),
    reason: () => reason,
    kill: () => void worker.terminate(),
  };
}

/** The native program; rejects with the system's error where there is none of this name. */
export async function launchProcess(command: string): Promise<Launched> {
  const child = spawn(command, ['lsp'], { stdio: 'pipe' });
  let lastWords = '';
  let reason = '';
  child.stderr.on('data', (text) => (lastWords = (lastWords + text).slice(-MAX_LAST_WORDS)));
  child.on('exit', (code, signal) => (reason = `${signal ?? `status ${code}`}`));
  await new Promise((resolve, reject) => child.once('spawn', () => resolve(undefined)).once('error', reject));
  return {
    transports: {
      reader: new StreamMessageReader(child.stdout),
      writer: new StreamMessageWriter(child.stdin),
    },
    reason: () => [reason, lastWords.trim()].filter(Boolean).join(': '),
    kill: () => child.kill(),
  };
}
