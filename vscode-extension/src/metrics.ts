import { l10n, Uri, ViewColumn, type WebviewPanel, window } from 'vscode';
import type { MetricsReport, MetricsSums } from '../../web-demo/src/protocol.gen';
import type { Core } from './core';

/** Days that the report reaches back. */
const DAYS = 30;

/** The report of what became of suggestions, in an editor of its own; it is made anew whenever it comes to the front. */
export class MetricsPanel {
  #panel: WebviewPanel | undefined;

  constructor(
    private readonly extension: Uri,
    private readonly core: Core,
  ) {}

  async show(): Promise<void> {
    this.#panel ??= this.#open();
    this.#panel.reveal();
    await this.#refresh();
  }

  #open(): WebviewPanel {
    const localResourceRoots = [Uri.joinPath(this.extension, 'dist')];
    const panel = window.createWebviewPanel('inkling.metrics', l10n.t('Inkling Metrics'), ViewColumn.Active, { localResourceRoots });
    panel.onDidChangeViewState(() => panel.visible && void this.#refresh());
    panel.onDidDispose(() => (this.#panel = undefined));
    return panel;
  }

  async #refresh(): Promise<void> {
    const body = await this.core.request<MetricsReport>('inkling/metrics', { days: DAYS }).then(page, problem);
    if (!this.#panel) return;
    const { webview } = this.#panel;
    const style = webview.asWebviewUri(Uri.joinPath(this.extension, 'dist/metrics-page.css'));
    webview.html = `<!doctype html>
<html>
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${webview.cspSource}" />
    <link rel="stylesheet" href="${style}" />
  </head>
  <body>${body}</body>
</html>`;
  }
}

function page({ isKept, total, byLanguage, byDay }: MetricsReport): string {
  const note = isKept
    ? l10n.t('The last {0} days, kept on this machine without code. Nothing is sent.', DAYS)
    : l10n.t('Nothing is kept now: inkling.metrics.enabled is off, or this editor runs in a browser.');
  const heading = `<h1>${l10n.t('What became of suggestions')}</h1><p>${escaped(note)}</p>`;
  if (total.shown === 0) return `${heading}<p>${l10n.t('There were no suggestions yet.')}</p>`;
  const figures = [
    [total.shown, l10n.t('shown')],
    [percent(total.acceptanceRate), l10n.t('taken whole')],
    [total.characters, l10n.t('characters taken')],
    [milliseconds(total.p50Ms), l10n.t('half come within')],
  ].map(([value, name]) => `<li><strong>${value}</strong> ${name}</li>`);
  const tables = [table(l10n.t('Language'), byLanguage), table(l10n.t('Day (UTC)'), byDay.toReversed())];
  return `${heading}<ul class="figures">${figures.join('')}</ul>${tables.join('')}`;
}

function table(key: string, rows: readonly MetricsSums[]): string {
  const names = [l10n.t('shown'), l10n.t('whole'), l10n.t('in part'), l10n.t('rate'), l10n.t('characters'), 'p50', 'p95'];
  const head = [key, ...names].map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.map(row).join('')}</tbody></table>`;
}

function row({ key, shown, accepted, partlyAccepted, characters, acceptanceRate, p50Ms, p95Ms }: MetricsSums): string {
  const numbers = [shown, accepted, partlyAccepted, percent(acceptanceRate), characters, milliseconds(p50Ms), milliseconds(p95Ms)];
  return `<tr><th scope="row">${escaped(key)}</th>${numbers.map((number) => `<td>${number}</td>`).join('')}</tr>`;
}

const percent = (rate: number | null) => (rate === null ? '–' : `${Math.round(100 * rate)} %`);
const milliseconds = (ms: number | null) => (ms === null ? '–' : `${ms} ms`);

const problem = (error: unknown) => `<p>${escaped(error instanceof Error ? error.message : String(error))}</p>`;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
