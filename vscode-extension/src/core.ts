import { type Disposable, EventEmitter, type LogOutputChannel, type TextDocument } from 'vscode';
import type { LanguageClient, MessageTransports, Middleware } from 'vscode-languageclient';
import type { ModelInfo, Settings, Status } from '../../web-demo/src/protocol.gen';
import { BackOff } from './back-off';
import type { Launch, Launched, Platform, Server } from './platform';

/** What the core is doing: its own word, or what became of it. */
export type CoreState =
  | Status
  | { readonly state: 'starting' }
  | { readonly state: 'crashed'; readonly message: string; readonly retryMs: number | undefined };

/** What the core is started with. */
export interface CoreOptions {
  settings(): Promise<Settings>;
  server(): Server;
  /** The program whose engine runs models, if one does. */
  engine(): Promise<string | undefined>;
  /** Whether the core may see a document. */
  mayOpen(document: TextDocument): boolean;
  readonly middleware: Middleware;
}

/** One life of the core. */
interface Run {
  readonly startedAt: number;
  client?: LanguageClient;
  launched?: Launched;
}

/** A start that takes longer has failed. */
const START_MS = 30_000;

/** A core that has not ended by then is killed. */
const STOP_MS = 1_000;

/** Problems that are remembered. */
const MAX_PROBLEMS = 10;

/** The core as a language server: started, restarted when it crashes, and stopped. */
export class Core implements Disposable {
  readonly #changed = new EventEmitter<CoreState>();
  readonly onState = this.#changed.event;
  #state: CoreState = { state: 'starting' };
  #run: Run | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #backOff = new BackOff();
  /** The last things that went wrong, the newest last, each with its time. */
  readonly problems: string[] = [];

  constructor(
    private readonly platform: Platform,
    private readonly options: CoreOptions,
    private readonly log: LogOutputChannel,
  ) {}

  get state(): CoreState {
    return this.#state;
  }

  /** The model that answers; also while another one is loading. */
  get model(): ModelInfo | undefined {
    return 'model' in this.#state ? this.#state.model : undefined;
  }

  /** Starts the core, instead of the one that runs; what went wrong before is forgotten. */
  async restart(): Promise<void> {
    this.#backOff.reset();
    await this.#start();
  }

  /** Rejects with the core's error, or when it ends before it answers. */
  async request<Result>(method: string, params: object): Promise<Result> {
    const client = this.#run?.client;
    if (!client?.isRunning()) throw new Error('the core is not running');
    return client.sendRequest<Result>(method, params);
  }

  /** Tells a running core what the settings say; one that starts asks for them. */
  async configure(): Promise<void> {
    const inkling = await this.options.settings();
    const client = this.#run?.client;
    if (client?.isRunning()) await client.sendNotification('workspace/didChangeConfiguration', { settings: { inkling } });
  }

  dispose(): void {
    void this.#stop();
    this.#changed.dispose();
  }

  async #start(): Promise<void> {
    const stopped = this.#stop();
    const run: Run = { startedAt: Date.now() };
    this.#run = run;
    this.#set({ state: 'starting' });
    await stopped;
    try {
      const { mayOpen, middleware } = this.options;
      const settings = await this.options.settings();
      const launch = await this.platform.launcher();
      const { newClient } = await import('./client');
      // Another start or a stop may have come in between: then this one is over.
      if (run !== this.#run) return;
      const closed = () => this.#crashed(run);
      run.client = newClient({ settings, mayOpen, middleware, log: this.log, launch: () => this.#launch(run, launch), closed });
      run.client.onNotification('inkling/status', (status: Status) => {
        if (run === this.#run) this.#set(status);
      });
      await withDeadline(run.client.start(), START_MS);
      this.log.info(`The core started in ${Date.now() - run.startedAt} ms.`);
    } catch (error) {
      this.#crashed(run, error instanceof Error ? error.message : String(error));
    }
  }

  async #launch(run: Run, launch: Launch): Promise<MessageTransports> {
    const launched = await launch(this.options.server(), await this.options.engine());
    run.launched = launched;
    if (run !== this.#run) launched.kill();
    return launched.transports;
  }

  /** A crash is heard once: the connection closes and the start fails, in any order. */
  #crashed(run: Run, problem = 'it ended'): void {
    if (run !== this.#run) return;
    const message = run.launched?.reason() || problem;
    const retryMs = this.#backOff.afterCrash(Date.now() - run.startedAt);
    this.log.error(`The core stopped: ${message}`);
    void this.#stop();
    if (retryMs !== undefined) this.#timer = setTimeout(() => void this.#start(), retryMs);
    this.#set({ state: 'crashed', message, retryMs });
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer);
    const run = this.#run;
    this.#run = undefined;
    // A core that is gone, or does not answer, cannot be asked to stop.
    if (run?.client?.isRunning()) await run.client.stop(STOP_MS).catch(() => undefined);
    run?.launched?.kill();
  }

  #set(state: CoreState): void {
    this.#state = state;
    const message = 'message' in state ? state.message : undefined;
    if (message) this.problems.push(`${new Date().toISOString()} ${message}`);
    this.problems.splice(0, this.problems.length - MAX_PROBLEMS);
    this.#changed.fire(state);
  }
}

async function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not start within ${ms / 1_000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
