import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/browser';
import type {
  InlineCompletionItem,
  InlineCompletionList,
  InlineCompletionParams,
  Position,
} from 'vscode-languageserver-protocol';
import type { LanguageClient } from './client';
import { messageOf } from './dom';
import { type CancellationToken, type editor, languages } from './monaco';
import { toLspPosition, toMonacoRange } from './positions';

/** An answer of the server, with or without suggestions. */
export interface Answer {
  readonly uri: string;
  readonly position: Position;
  readonly candidates: readonly string[];
  readonly latencyMs: number;
}

/** Values of `InlineCompletionTriggerKind` in LSP 3.18; Monaco's differ. */
const INVOKED = 1;
const AUTOMATIC = 2;

/** Server cancelled, content modified, request cancelled: the user typed on, and that is all. */
const CANCELLED: readonly number[] = [-32802, -32801, -32800, ErrorCodes.PendingResponseRejected];

/** What becomes of the answers. */
export interface Audience {
  /** Whether suggestions may come by themselves. */
  enabled(): boolean;
  answered(answer: Answer): void;
  failed(message: string): void;
}

/** Shows the server's suggestions as ghost text. */
export function registerCompletion(client: LanguageClient, audience: Audience): void {
  languages.registerInlineCompletionsProvider('*', {
    displayName: 'Inkling',
    // The server waits for a pause in the typing by itself, and knows better how long.
    debounceDelayMs: 0,
    async provideInlineCompletions(model, at, { triggerKind }, token) {
      const byKey = triggerKind === languages.InlineCompletionTriggerKind.Explicit;
      if (!byKey && !audience.enabled()) return null;
      const position = toLspPosition(at.lineNumber, at.column);
      const startedAt = performance.now();
      try {
        const items = await request(client, model, position, byKey, token);
        const latencyMs = performance.now() - startedAt;
        const uri = model.uri.toString();
        if (!token.isCancellationRequested) audience.answered({ uri, position, candidates: items.map(textOf), latencyMs });
        return { items: items.map(toMonacoItem) };
      } catch (error) {
        if (!isCancelled(error)) audience.failed(messageOf(error));
        return null;
      }
    },
    disposeInlineCompletions() {},
  });
}

async function request(
  client: LanguageClient,
  model: editor.ITextModel,
  position: Position,
  byKey: boolean,
  token: CancellationToken,
): Promise<InlineCompletionItem[]> {
  const params: InlineCompletionParams = {
    textDocument: { uri: model.uri.toString() },
    position,
    context: { triggerKind: byKey ? INVOKED : AUTOMATIC },
  };
  const answer = await client.request<InlineCompletionList | InlineCompletionItem[] | null>(
    'textDocument/inlineCompletion',
    params,
    token,
  );
  return Array.isArray(answer) ? answer : (answer?.items ?? []);
}

function toMonacoItem(item: InlineCompletionItem): languages.InlineCompletion {
  const insertText = textOf(item);
  return item.range ? { insertText, range: toMonacoRange(item.range) } : { insertText };
}

function textOf({ insertText }: InlineCompletionItem): string {
  return typeof insertText === 'string' ? insertText : insertText.value;
}

function isCancelled(error: unknown): boolean {
  return error instanceof ResponseError && CANCELLED.includes(error.code);
}
