// A client of the WASM core in Node.
import { readdirSync, createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';

const models = new URL('../../../models/', import.meta.url);

/** The file name of the one embedded model. */
export const modelName = readdirSync(models).find((name) => name.endsWith('.gguf'));

/** Serves the embedded model on the loopback interface. */
export async function serveModel() {
  const server = createServer((request, response) => {
    if (request.url !== `/${modelName}`) return response.writeHead(404).end();
    createReadStream(new URL(modelName, models)).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { uri: `http://127.0.0.1:${server.address().port}/${modelName}`, close: () => server.close() };
}

/** Starts a core; `request` gives the result or throws the error of the answer. */
export async function startCore({ script = './core-worker.mjs', workerData } = {}) {
  const worker = new Worker(new URL(script, import.meta.url), { workerData });
  const waiting = new Map();
  const notifications = [];
  let nextId = 1;
  worker.on('message', (message) => {
    if (message.method) return notifications.push(message);
    // Malformed messages are answered too, to nobody.
    const { resolve, reject } = waiting.get(message.id) ?? {};
    waiting.delete(message.id);
    if (message.error) reject?.(Object.assign(new Error(message.error.message), { code: message.error.code }));
    else resolve?.(message.result);
  });
  worker.on('error', (error) => waiting.forEach(({ reject }) => reject(error)));
  const post = (message) => worker.postMessage({ jsonrpc: '2.0', ...message });
  return {
    notifications,
    post,
    notify: (method, params) => post({ method, params }),
    request: (method, params, id = nextId++) => {
      post({ id, method, params });
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    stop: () => worker.terminate(),
  };
}
