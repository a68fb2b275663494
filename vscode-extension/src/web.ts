import { type ExtensionContext, Uri, workspace } from 'vscode';
import 'vscode-languageserver-protocol/browser';
import { start } from './main';
import type { Launched, Platform } from './platform';
import { transports } from './transport';

/** The extension in a browser, where files are had through the editor alone. */
export function activate(context: ExtensionContext): void {
  const file = (name: string) => Uri.joinPath(context.extensionUri, 'dist', name);
  const asUrl = async (name: string, type: string) =>
    URL.createObjectURL(new Blob([await workspace.fs.readFile(file(name)) as BlobPart], { type }));
  let model: Promise<string> | undefined;
  const platform: Platform = {
    embeddedModel: () => (model ??= asUrl(INKLING_MODEL, 'application/octet-stream')),
    launch: async () =>
      launchWorker(await asUrl('worker.web.js', 'text/javascript'), await workspace.fs.readFile(file('inkling_wasm_bg.wasm'))),
  };
  start(context, platform);
}

function launchWorker(url: string, module: Uint8Array): Launched {
  const worker = new Worker(url, { name: 'inkling' });
  worker.postMessage(module);
  let reason = '';
  const kill = () => {
    worker.terminate();
    URL.revokeObjectURL(url);
  };
  return {
    transports: transports({
      post: (message) => worker.postMessage(message),
      onMessage: (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
      onEnd: (listener) =>
        worker.addEventListener('error', (event) => {
          event.preventDefault();
          reason = event.message || 'its script could not be loaded';
          listener();
        }),
    }),
    reason: () => reason,
    kill,
  };
}
