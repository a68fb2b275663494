import {
  commands,
  Disposable,
  l10n,
  MarkdownString,
  type QuickPickItem,
  QuickPickItemKind,
  StatusBarAlignment,
  ThemeColor,
  window,
  workspace,
} from 'vscode';
import type { ModelInfo } from '../../web-demo/src/protocol.gen';
import { isServer } from '../../web-demo/stages/model-info';
import type { Answer, Completion } from './completion';
import type { Core, CoreState } from './core';
import { engineOf } from './engine';
import { endpointSettings, isLanguageOn, type Off } from './settings';

/** A suggestion that comes sooner shows no spinner, so that typing makes nothing flicker. */
const THINKING_MS = 300;

/** The item in the status bar: what the core is doing and whether it does it here. */
export class StatusItem implements Disposable {
  readonly #item = window.createStatusBarItem('inkling.status', StatusBarAlignment.Right, 100);
  readonly #subscriptions: Disposable;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Answer | undefined;

  constructor(
    private readonly core: Core,
    private readonly completion: Completion,
  ) {
    this.#item.name = 'Inkling';
    this.#item.command = 'inkling.menu';
    const update = () => this.#update();
    this.#subscriptions = Disposable.from(
      core.onState((state) => this.#onState(state)),
      completion.onSwitch(update),
      completion.onAnswer((answer) => {
        this.#last = answer;
        update();
      }),
      window.onDidChangeActiveTextEditor(update),
      workspace.onDidChangeConfiguration(update),
    );
    update();
    this.#item.show();
  }

  async showMenu(): Promise<void> {
    const chosen = await window.showQuickPick(this.#menu(), { title: 'Inkling', placeHolder: this.#headline() });
    if (chosen?.command) await commands.executeCommand(chosen.command);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscriptions.dispose();
    this.#item.dispose();
  }

  #onState(state: CoreState): void {
    clearTimeout(this.#timer);
    if (state.state === 'thinking') this.#timer = setTimeout(() => this.#update(), THINKING_MS);
    else this.#update();
  }

  #update(): void {
    const { state } = this.core.state;
    const hasFailed = state === 'error' || state === 'crashed';
    const off = this.#off();
    this.#item.text = `${icon(state, off)} Inkling`;
    this.#item.backgroundColor = hasFailed ? new ThemeColor('statusBarItem.errorBackground') : undefined;
    this.#item.tooltip = this.#tooltip();
    this.#item.accessibilityInformation = { label: `Inkling: ${this.#headline()}`, role: 'button' };
  }

  #off(): Off | undefined {
    const document = window.activeTextEditor?.document;
    return document && this.completion.off(document);
  }

  /** The state in a few words. */
  #headline(): string {
    const { core } = this;
    const off = this.#off();
    if (core.state.state === 'crashed') return l10n.t('stopped: {0}', core.state.message);
    if (core.state.state === 'error') return core.state.message ?? l10n.t('there is no model');
    if (core.state.state === 'starting' || core.state.state === 'loading') return l10n.t('loading the model');
    if (off === 'paused') return l10n.t('paused: suggestions come by key only');
    if (off === 'language') return l10n.t('off for {0}', window.activeTextEditor?.document.languageId ?? '');
    if (off === 'excluded') return l10n.t('off for this file: `inkling.exclude` names it');
    return l10n.t('suggesting as you type');
  }

  #tooltip(): MarkdownString {
    const lines = [`**Inkling**: ${this.#headline()}`];
    const { model } = this.core;
    if (model) {
      lines.push(isServer(model) ? model.name : `${model.name} · ${size(model)} · ${model.quantization}`);
      const runsOn = isServer(model) ? [`$(server) ${model.executor}`] : [`$(circuit-board) ${engineOf(model).name}`, engineOf(model).why];
      lines.push(runsOn.filter(Boolean).join(' · '));
    }
    if (this.#last) lines.push(l10n.t('Last suggestion: {0} ms', Math.round(this.#last.latencyMs)));
    lines.push(model && isServer(model) ? l10n.t('That server sees your code.') : l10n.t('Nothing you type leaves this machine.'));
    return new MarkdownString(lines.join('\n\n'), true);
  }

  #menu(): (QuickPickItem & { command?: string })[] {
    const document = window.activeTextEditor?.document;
    const { model } = this.core;
    const engine = model && !isServer(model) && engineOf(model);
    const separator = { label: '', kind: QuickPickItemKind.Separator };
    const language = document && {
      label: isLanguageOn(document)
        ? `$(circle-slash) ${l10n.t('Turn off for {0}', document.languageId)}`
        : `$(check) ${l10n.t('Turn on for {0}', document.languageId)}`,
      command: 'inkling.toggleLanguage',
    };
    return [
      this.completion.isPaused
        ? { label: `$(play) ${l10n.t('Resume suggestions')}`, command: 'inkling.togglePause' }
        : { label: `$(debug-pause) ${l10n.t('Pause suggestions')}`, command: 'inkling.togglePause' },
      ...(language ? [language] : []),
      separator,
      { label: `$(package) ${l10n.t('Choose a model…')}`, command: 'inkling.chooseModel' },
      ...(engine ? [{ label: `$(circuit-board) ${engine.name}…`, description: engine.why, command: 'inkling.chooseEngine' }] : []),
      ...(endpointSettings().url ? [{ label: `$(server) ${l10n.t('Test the server')}`, command: 'inkling.testEndpoint' }] : []),
      { label: `$(search) ${l10n.t('Inspect the last suggestion')}`, command: 'inkling.inspector.focus' },
      { label: `$(graph) ${l10n.t('Show metrics')}`, command: 'inkling.showMetrics' },
      separator,
      { label: `$(settings-gear) ${l10n.t('Settings')}`, command: 'inkling.settings' },
      { label: `$(output) ${l10n.t('Show the log')}`, command: 'inkling.showLog' },
      { label: `$(clippy) ${l10n.t('Copy diagnostics')}`, command: 'inkling.copyDiagnostics' },
      { label: `$(refresh) ${l10n.t('Restart the core')}`, command: 'inkling.restart' },
    ];
  }
}

function icon(state: CoreState['state'], off: Off | undefined): string {
  if (state === 'error' || state === 'crashed') return '$(error)';
  if (state === 'starting' || state === 'loading') return '$(loading~spin)';
  if (off) return off === 'paused' ? '$(debug-pause)' : '$(circle-slash)';
  return state === 'thinking' ? '$(loading~spin)' : '$(inkling-drop)';
}

function size({ nParameters }: ModelInfo): string {
  return nParameters >= 1e9 ? `${(nParameters / 1e9).toFixed(1)} B` : `${(nParameters / 1e6).toFixed(1)} M`;
}
