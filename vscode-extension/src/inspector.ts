import { type Disposable, Disposable as Disposables, l10n, Uri, type Webview, type WebviewView, window } from 'vscode';
import type { Trace } from '../../web-demo/src/protocol.gen';
import type { Answer, Completion } from './completion';
import type { Core } from './core';

/** Quiet after a suggestion before its trace is fetched, so that fast typing fetches none. */
const DEBOUNCE_MS = 120;

/** The view of how the last suggestion came about; costs nothing while it is not on the screen. */
export class Inspector implements Disposable {
  readonly #subscriptions: Disposable;
  #view: WebviewView | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Answer | undefined;

  constructor(
    private readonly extension: Uri,
    private readonly core: Core,
    completion: Completion,
  ) {
    this.#subscriptions = Disposables.from(
      window.registerWebviewViewProvider('inkling.inspector', { resolveWebviewView: (view) => this.#resolve(view) }),
      completion.onAnswer((answer) => this.#follow(answer)),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscriptions.dispose();
  }

  #resolve(view: WebviewView): void {
    this.#view = view;
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [Uri.joinPath(this.extension, 'dist')] };
    webview.html = this.#page(webview);
    const refresh = () => this.#last && this.#follow(this.#last);
    webview.onDidReceiveMessage(refresh);
    view.onDidChangeVisibility(refresh);
    view.onDidDispose(() => (this.#view = undefined));
  }

  #follow(answer: Answer): void {
    this.#last = answer;
    clearTimeout(this.#timer);
    if (this.#view?.visible) this.#timer = setTimeout(() => void this.#fetch(answer), DEBOUNCE_MS);
  }

  async #fetch(answer: Answer): Promise<void> {
    const { document, position } = answer;
    const { line, character } = position;
    const place = { textDocument: { uri: document.uri.toString() }, position: { line, character } };
    try {
      const trace = await this.core.request<Trace | null>('inkling/trace', place);
      if (trace && answer === this.#last) await this.#view?.webview.postMessage(trace);
    } catch {
      // The text has changed under it: the next suggestion brings the next trace.
    }
  }

  #page(webview: Webview): string {
    const file = (name: string) => String(webview.asWebviewUri(Uri.joinPath(this.extension, 'dist', name)));
    const source = webview.cspSource;
    const hint = l10n.t('Type in an editor, and look inside the suggestion.');
    return `<!doctype html>
<html>
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; script-src ${source}; style-src ${source}; base-uri 'none'; form-action 'none'" />
    <link rel="stylesheet" href="${file('inspector-page.css')}" />
    <script type="module" src="${file('inspector-page.js')}"></script>
  </head>
  <body>
    <div id="timing" class="timing"><p class="timing-summary">${hint}</p></div>
    <div id="tabs" class="tabs" role="tablist" aria-label="${l10n.t('Stages')}"></div>
    <div id="panel" class="panel" role="tabpanel" tabindex="0"></div>
  </body>
</html>`;
  }
}
