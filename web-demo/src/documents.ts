import type {
  DidChangeTextDocumentParams,
  DidOpenTextDocumentParams,
  TextDocumentContentChangeEvent,
} from 'vscode-languageserver-protocol';
import type { LanguageClient } from './client';
import { languageOf } from './languages';
import type { editor, IRange } from './monaco';
import { toLspPosition } from './positions';

/** Keeps the server's copy of the document in the editor equal to it: open, change by change, close. */
export class DocumentSync {
  #open: string | undefined;

  constructor(
    private readonly client: LanguageClient,
    private readonly codeEditor: editor.IStandaloneCodeEditor,
  ) {
    codeEditor.onDidChangeModelContent((event) => this.#change(event));
    codeEditor.onDidChangeModel(() => this.#switch());
  }

  /** Tells a server that has just started about the document. */
  reopen(): void {
    this.#open = undefined;
    this.#switch();
  }

  #switch(): void {
    if (this.#open) this.client.notify('textDocument/didClose', { textDocument: { uri: this.#open } });
    const model = this.codeEditor.getModel();
    this.#open = model?.uri.toString();
    if (!model) return;
    const params: DidOpenTextDocumentParams = {
      textDocument: {
        uri: model.uri.toString(),
        languageId: languageOf(model.uri.path).id,
        version: model.getVersionId(),
        text: model.getValue(),
      },
    };
    this.client.notify('textDocument/didOpen', params);
  }

  #change(event: editor.IModelContentChangedEvent): void {
    const model = this.codeEditor.getModel();
    if (!model) return;
    const whole = event.isFlush || event.isEolChange;
    const params: DidChangeTextDocumentParams = {
      textDocument: { uri: model.uri.toString(), version: event.versionId },
      contentChanges: whole ? [{ text: model.getValue() }] : event.changes.map(toLspChange),
    };
    this.client.notify('textDocument/didChange', params);
  }
}

function toLspChange({ range, text }: { range: IRange; text: string }): TextDocumentContentChangeEvent {
  return {
    range: {
      start: toLspPosition(range.startLineNumber, range.startColumn),
      end: toLspPosition(range.endLineNumber, range.endColumn),
    },
    text,
  };
}
