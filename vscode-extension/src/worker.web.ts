import init, { LanguageServer } from '../../web-demo/pkg/inkling_wasm.js';

/** What the Worker is given first. */
interface Cargo {
  readonly module: BufferSource;
  readonly model: File;
}

// The core in a Worker of a browser. Messages that come before it is compiled wait for it.
let server: Promise<LanguageServer> | undefined;

addEventListener('message', ({ data }: MessageEvent<object>) => {
  if (server) void server.then((running) => running.receive(data));
  else server = start(data as Cargo);
});

// A rejection reaches the extension as the Worker's `error` event, like any other crash.
addEventListener('unhandledrejection', ({ reason }) => reportError(reason));

async function start({ module, model }: Cargo): Promise<LanguageServer> {
  await init({ module_or_path: module });
  return new LanguageServer(
    (message: object) => postMessage(message),
    (uri: string) => (uri === model.name ? Promise.resolve(model) : fetch(uri)),
  );
}
