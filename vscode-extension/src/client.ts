import { type LogOutputChannel, type TextDocument, workspace } from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type MessageTransports,
  type Middleware,
  RevealOutputChannelOn,
} from 'vscode-languageclient';
import type { Settings } from '../../web-demo/src/protocol.gen';

/** What a client of one life of the core needs. */
export interface ClientOptions {
  readonly settings: Settings;
  readonly middleware: Middleware;
  readonly log: LogOutputChannel;
  /** Whether the core may see a document. */
  mayOpen(document: TextDocument): boolean;
  launch(): Promise<MessageTransports>;
  /** The core ended by itself. */
  closed(): void;
}

/** Documents of these schemes are someone's work; others are logs, versions of the past, and the like. */
const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-remote', 'vscode-vfs'];

/** A client that has not started yet. */
export function newClient({ settings, middleware, log, mayOpen, launch, closed }: ClientOptions): LanguageClient {
  const folders = (workspace.workspaceFolders ?? []).map(({ uri }) => uri.scheme);
  return new QuietClient('inkling', 'Inkling', launch, {
    documentSelector: [...new Set([...SCHEMES, ...folders])].map((scheme) => ({ scheme })),
    initializationOptions: settings,
    outputChannel: log,
    traceOutputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    middleware: { ...documents(mayOpen), ...middleware },
    // Nothing is started again here: that is for whoever hears `closed`.
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        closed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
  });
}

/** Keeps from the core what it may not see. */
function documents(mayOpen: ClientOptions['mayOpen']): Middleware {
  return {
    didOpen: async (document, next) => void (mayOpen(document) && (await next(document))),
    didChange: async (event, next) => void (mayOpen(event.document) && (await next(event))),
    didClose: async (document, next) => void (mayOpen(document) && (await next(document))),
  };
}

/** Writes what goes wrong to the log alone: people hear of it from the extension, once and in words. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}
