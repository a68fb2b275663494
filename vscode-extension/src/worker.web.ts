import init, { LanguageServer } from '../../web-demo/pkg/inkling_wasm.js';

// The core in a Worker of a browser. The first message is its module; those that follow wait until it is compiled.
let server: Promise<LanguageServer> | undefined;

addEventListener('message', ({ data }: MessageEvent<BufferSource | object>) => {
  if (server) void server.then((running) => running.receive(data));
  else server = start(data as BufferSource);
});

// A rejection reaches the extension as the Worker's `error` event, like any other crash.
addEventListener('unhandledrejection', ({ reason }) => reportError(reason));

async function start(module: BufferSource): Promise<LanguageServer> {
  await init({ module_or_path: module });
  return new LanguageServer(
    (message: object) => postMessage(message),
    (uri: string) => fetch(uri),
  );
}
