import init, { LanguageServer } from '../pkg/inkling_wasm.js';
import wasm from '../pkg/inkling_wasm_bg.wasm';

// The Worker that the core runs in: a language server that speaks JSON-RPC by `postMessage`.
// Messages that arrive before the module is compiled wait for it, in order.
const server = start();

addEventListener('message', ({ data }: MessageEvent<object>) => {
  void server.then((running) => running.receive(data));
});

// A rejection reaches the page as the Worker's `error` event, like any other crash.
addEventListener('unhandledrejection', ({ reason }) => reportError(reason));

async function start(): Promise<LanguageServer> {
  await init({ module_or_path: new URL(wasm, import.meta.url) });
  return new LanguageServer(
    (message: object) => postMessage(message),
    (uri: string) => fetch(uri),
  );
}
