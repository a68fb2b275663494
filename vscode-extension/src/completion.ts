import {
  type Disposable,
  EventEmitter,
  type InlineCompletionItem,
  InlineCompletionTriggerKind,
  type Memento,
  type Position,
  type TextDocument,
  window,
} from 'vscode';
import type { Middleware } from 'vscode-languageclient';
import type { Core } from './core';
import { isExcluded, isLanguageOn, type Off, setLanguage } from './settings';

/** A place for which the core has answered. */
export interface Answer {
  readonly document: TextDocument;
  readonly position: Position;
  readonly candidates: readonly InlineCompletionItem[];
  readonly latencyMs: number;
}

const PAUSED = 'paused';

/** When suggestions are asked for, and what came. */
export class Completion implements Disposable {
  readonly #answered = new EventEmitter<Answer>();
  readonly onAnswer = this.#answered.event;
  readonly #switched = new EventEmitter<void>();
  /** The user has paused suggestions or wants them again. */
  readonly onSwitch = this.#switched.event;
  #core: Core | undefined;

  constructor(private readonly memory: Memento) {}

  attach(core: Core): void {
    this.#core = core;
  }

  get isPaused(): boolean {
    return this.memory.get(PAUSED, false);
  }

  async togglePause(): Promise<void> {
    await this.memory.update(PAUSED, !this.isPaused);
    this.#switched.fire();
  }

  async toggleLanguage(): Promise<void> {
    const document = window.activeTextEditor?.document;
    if (document) await setLanguage(document.languageId, !isLanguageOn(document));
  }

  /** Why nothing is suggested in a document by itself. */
  off(document: TextDocument): Off | undefined {
    if (isExcluded(document)) return 'excluded';
    if (this.isPaused) return 'paused';
    return isLanguageOn(document) ? undefined : 'language';
  }

  readonly middleware: Middleware = {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      const byKey = context.triggerKind === InlineCompletionTriggerKind.Invoke;
      const off = this.off(document);
      if (off === 'excluded' || (off && !byKey) || !this.#core?.model) return null;
      const startedAt = performance.now();
      const answer = await next(document, position, context, token);
      const candidates = Array.isArray(answer) ? answer : (answer?.items ?? []);
      if (!token.isCancellationRequested) {
        this.#answered.fire({ document, position, candidates, latencyMs: performance.now() - startedAt });
      }
      return answer;
    },
  };

  dispose(): void {
    this.#answered.dispose();
    this.#switched.dispose();
  }
}
