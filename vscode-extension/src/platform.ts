import type { MessageTransports } from 'vscode-languageclient';

/** What differs between an extension host in Node and one in a browser. */
export interface Platform {
  /** The model that comes with the extension, as the core's `model` setting names it. */
  embeddedModel(): Promise<string>;
  /** What starts a core. Loaded when it is first needed, so that the editor need not wait for it. */
  launcher(): Promise<Launch>;
  /** The program that comes with the extension for this platform, if one does; absent where no process can be started. */
  bundledEngine?(): Promise<string | undefined>;
  /** The memory of the machine that runs models, where that is known. */
  readonly memoryBytes?: number;
  /** Downloads a model for good; undefined where there is no place for it. */
  readonly download?: Download;
}

/** Starts a core, which may start the engine of a program. Rejects where it cannot be started at all. */
export type Launch = (server: Server, engine: string | undefined) => Promise<Launched>;

/** Where the core runs. */
export type Server = { readonly kind: 'wasm' } | { readonly kind: 'native'; readonly command: string };

/** A core that runs. */
export interface Launched {
  readonly transports: MessageTransports;
  /** Why it ended; empty where that is not known. */
  reason(): string;
  kill(): void;
}

/** Fetches `url` into `folder` and answers with the file's path; what an earlier attempt had fetched is kept. */
export type Download = (
  url: string,
  folder: string,
  progress: (bytes: number, total: number | undefined) => void,
  signal: AbortSignal,
) => Promise<string>;
