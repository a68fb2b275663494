import {
  BrowserMessageReader,
  BrowserMessageWriter,
  type CancellationToken,
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
} from 'vscode-jsonrpc/browser';
import type {
  InitializeParams,
  ShowMessageParams,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from 'vscode-languageserver-protocol';
import type { Settings, Status } from './protocol.gen';

/** The value of `$/progress` for work that takes its time. */
export type WorkDone = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** What the server tells the page. */
export interface Listeners {
  /** The server is initialized and knows no documents yet. */
  ready(): void;
  status(status: Status): void;
  progress(token: number | string, value: WorkDone): void;
  message(params: ShowMessageParams): void;
  /** The Worker died; it starts again in `retryMs`, or by `start` alone where that is undefined. */
  crashed(reason: string, retryMs: number | undefined): void;
}

/** Waits before the first, second … restart. */
const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000];

/** A Worker that has lived this long is no longer suspected of crashing right away. */
const STEADY_MS = 30_000;

/** The page's end of the language server, which lives in a Worker and is restarted when that dies. */
export class LanguageClient {
  #connection: MessageConnection | undefined;
  /** The same connection, once the server is initialized. */
  #server: MessageConnection | undefined;
  #worker: Worker | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nCrashes = 0;

  /** `settings` is asked at every start, so that a restart has the model that was in use last. */
  constructor(
    private readonly url: URL,
    private readonly settings: () => Settings,
    private readonly listeners: Listeners,
  ) {}

  /** Starts the server afresh; documents have to be opened again. */
  start(): void {
    this.#stop();
    const startedAt = performance.now();
    const worker = new Worker(this.url, { type: 'module', name: 'inkling' });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      if (worker !== this.#worker) return;
      if (performance.now() - startedAt > STEADY_MS) this.#nCrashes = 0;
      this.#crash(event.message || 'its script could not be loaded');
    });
    this.#worker = worker;
    this.#connection = this.#connect(worker);
    this.#initialize(this.#connection).catch(() => {
      // Only a crash ends the connection, and the Worker's `error` event has told of that.
    });
  }

  /** Rejects with the server's error, or when the server ends before it answers. */
  request<Result>(method: string, params: object, token?: CancellationToken): Promise<Result> {
    if (!this.#server) {
      return Promise.reject(new ResponseError(ErrorCodes.PendingResponseRejected, 'the core is not running yet'));
    }
    return token
      ? this.#server.sendRequest<Result>(method, params, token)
      : this.#server.sendRequest<Result>(method, params);
  }

  /** Does nothing while the server is down: it will be told everything when it starts. */
  notify(method: string, params: object): void {
    void this.#server?.sendNotification(method, params);
  }

  #connect(worker: Worker): MessageConnection {
    const { listeners } = this;
    const connection = createMessageConnection(new BrowserMessageReader(worker), new BrowserMessageWriter(worker));
    connection.onRequest('window/workDoneProgress/create', () => null);
    connection.onUnhandledProgress(({ token, value }) => listeners.progress(token, value as WorkDone));
    connection.onNotification('inkling/status', (status: Status) => listeners.status(status));
    connection.onNotification('window/showMessage', (params: ShowMessageParams) => listeners.message(params));
    connection.onNotification('window/logMessage', ({ message }: ShowMessageParams) => console.info(message));
    connection.listen();
    return connection;
  }

  async #initialize(connection: MessageConnection): Promise<void> {
    const params: InitializeParams = {
      processId: null,
      rootUri: null,
      clientInfo: { name: 'Inkling playground' },
      capabilities: {
        window: { workDoneProgress: true },
        textDocument: { inlineCompletion: {}, synchronization: {} },
      },
      initializationOptions: this.settings(),
    };
    await connection.sendRequest('initialize', params);
    await connection.sendNotification('initialized', {});
    this.#server = connection;
    this.listeners.ready();
  }

  #crash(reason: string): void {
    this.#stop();
    const retryMs = BACK_OFF_MS[this.#nCrashes];
    this.#nCrashes += 1;
    if (retryMs !== undefined) this.#timer = setTimeout(() => this.start(), retryMs);
    else this.#nCrashes = 0;
    this.listeners.crashed(reason, retryMs);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#connection?.dispose();
    this.#worker?.terminate();
    this.#connection = undefined;
    this.#server = undefined;
    this.#worker = undefined;
  }
}
