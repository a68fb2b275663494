// The core as the extension starts it: the bundled Worker, spoken to in JSON-RPC.
import { Worker } from 'node:worker_threads';

const SCRIPT = new URL('../../dist/worker.node.mjs', import.meta.url);

export function startCore(workerData) {
  const worker = new Worker(SCRIPT, { workerData });
  const waiting = new Map();
  const heard = [];
  const listeners = new Set();
  worker.on('message', (message) => {
    if (message.method) {
      heard.push(message);
      for (const listener of listeners) listener(message);
      return;
    }
    const { resolve, reject } = waiting.get(message.id);
    if (message.error) reject(new Error(message.error.message));
    else resolve(message.result);
  });
  const post = (message) => worker.postMessage({ jsonrpc: '2.0', ...message });
  let nextId = 1;
  return {
    notify: (method, params) => post({ method, params }),
    request: (method, params) => {
      const id = nextId++;
      post({ id, method, params });
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    /** The next status, or the last one, that `isWanted` takes and that has a model. */
    status: (isWanted) =>
      new Promise((resolve) => {
        const hear = ({ method, params }) => {
          if (method !== 'inkling/status' || !params.model || !isWanted(params)) return;
          listeners.delete(hear);
          resolve(params);
        };
        listeners.add(hear);
        const last = heard.findLast(({ method }) => method === 'inkling/status');
        if (last) hear(last);
      }),
    warnings: () => heard.filter(({ method }) => method === 'window/showMessage').map(({ params }) => params),
    stop: () => worker.terminate(),
  };
}
