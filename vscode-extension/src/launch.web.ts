import 'vscode-languageserver-protocol/browser';
import type { Launched } from './platform';
import { transports } from './transport';

/** The WASM core in a Worker of a browser: its script, and what that is given first. */
export function launchWorker(script: BlobPart, cargo: object): Launched {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url, { name: 'inkling' });
  worker.postMessage(cargo);
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
