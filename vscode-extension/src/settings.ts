import { type ConfigurationScope, languages, type TextDocument, workspace } from 'vscode';
import type { Settings } from '../../web-demo/src/protocol.gen';
import type { Server } from './platform';

/** Why a document gets no suggestions by themselves. */
export type Off = 'paused' | 'language' | 'excluded';

function get<T>(key: string, scope?: ConfigurationScope): T | undefined {
  return workspace.getConfiguration('inkling', scope).get<T>(key);
}

/** What the core is told; it bounds the values itself. */
export function coreSettings(embeddedModel: string): Settings {
  const numbers = ['maxTokens', 'promptTokens', 'debounceMs', 'temperature', 'candidates', 'threads'] as const;
  const set = numbers.map((key) => [key, get<number | null>(key) ?? undefined]);
  return { ...Object.fromEntries(set), model: get<string>('model')?.trim() || embeddedModel };
}

export function server(): Server {
  return get('server') === 'native'
    ? { kind: 'native', command: get<string>('nativePath')?.trim() || 'inkling' }
    : { kind: 'wasm' };
}

/** Whether the core may see a document at all. */
export function isExcluded(document: TextDocument): boolean {
  const globs = get<string[]>('exclude', document) ?? [];
  return globs.some((pattern) => languages.match({ pattern }, document) > 0);
}

/** Whether the user wants suggestions in a language; `*` speaks for all that are not named. */
export function isLanguageOn(document: TextDocument): boolean {
  const enable = get<Record<string, boolean>>('enable', document) ?? {};
  return enable[document.languageId] ?? enable['*'] ?? true;
}

/** Remembers a choice for a language in the user's settings. */
export function setLanguage(languageId: string, on: boolean): Thenable<void> {
  const configuration = workspace.getConfiguration('inkling');
  const user = configuration.inspect<Record<string, boolean>>('enable')?.globalValue;
  return configuration.update('enable', { ...user, [languageId]: on }, true);
}

/** Remembers the model in the user's settings; undefined is the embedded one. */
export function setModel(model: string | undefined): Thenable<void> {
  return workspace.getConfiguration('inkling').update('model', model, true);
}
