import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ExtensionContext } from 'vscode';
import { StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver-protocol/node';
import { download } from './download';
import { start } from './main';
import type { Launched, Platform } from './platform';
import { transports } from './transport';

/** Bytes of a dying process's last words that are kept. */
const MAX_LAST_WORDS = 2_000;

/** The extension in Node: a desktop, or the far side of a remote window. */
export function activate(context: ExtensionContext): void {
  const dist = context.asAbsolutePath('dist');
  const platform: Platform = {
    embeddedModel: async () => join(dist, INKLING_MODEL),
    launch: async (server) => (server.kind === 'native' ? launchProcess(server.command) : launchWorker(dist)),
    download,
  };
  start(context, platform);
}

function launchWorker(dist: string): Launched {
  const worker = new Worker(join(dist, 'worker.node.mjs'), { name: 'inkling', stderr: true });
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

async function launchProcess(command: string): Promise<Launched> {
  const child = spawn(command, ['lsp'], { stdio: 'pipe' });
  let lastWords = '';
  let reason = '';
  child.stderr.on('data', (text) => (lastWords = (lastWords + text).slice(-MAX_LAST_WORDS)));
  child.on('exit', (code, signal) => (reason = `${signal ?? `status ${code}`}`));
  // Rejects with the system's error where there is no such program.
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
