import { type ConfigurationScope, ConfigurationTarget, languages, type TextDocument, workspace } from 'vscode';
import type { EndpointSettings, Settings } from '../../web-demo/src/protocol.gen';
import type { Server } from './platform';

/** Why a document gets no suggestions by themselves. */
export type Off = 'paused' | 'language' | 'excluded';

function get<T>(key: string, scope?: ConfigurationScope): T | undefined {
  return workspace.getConfiguration('inkling', scope).get<T>(key);
}

/** Where models run; `auto` is the native engine where there is one. */
export type EngineChoice = 'auto' | 'native' | 'wasm';

export function engineChoice(): EngineChoice {
  return get('engine') ?? 'auto';
}

/** The program that the user has in place of the bundled one; empty for none. */
export function enginePath(): string {
  return get<string>('enginePath')?.trim() ?? '';
}

/** What the core is told; it bounds the values itself. */
export function coreSettings(embeddedModel: string, endpoint: EndpointSettings, hasEngine: boolean): Settings {
  const numbers = ['maxTokens', 'promptTokens', 'debounceMs', 'temperature', 'candidates', 'threads'] as const;
  const set = numbers.map((key) => [key, get<number | null>(key) ?? undefined]);
  const showUnsure = get<boolean>('showUnsure') ?? false;
  const metrics = { enabled: get<boolean>('metrics.enabled') ?? true };
  const engine = hasEngine ? 'process' : 'inside';
  const model = get<string>('model')?.trim() || embeddedModel;
  return { ...Object.fromEntries(set), showUnsure, endpoint, metrics, engine, model };
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

/** The server that answers in place of a model file, but for its key. An untrusted folder has no say in it. */
export function endpointSettings(): EndpointSettings {
  const keys = ['model', 'api', 'template', 'timeoutMs', 'promptTokens'] as const;
  const set = keys.map((key) => [key, get<unknown>(`endpoint.${key}`) ?? undefined]);
  // The editor's objects cannot be posted to a Worker; copies can.
  const headers = { ...get<Record<string, string>>('endpoint.headers') };
  return { ...Object.fromEntries(set), headers, url: get<string>('endpoint.url')?.trim() ?? '' };
}

/** Remembers the server; undefined is none. */
export async function setEndpoint(endpoint: EndpointSettings | undefined): Promise<void> {
  await setWhereItIs('endpoint.model', endpoint?.model || undefined);
  await setWhereItIs('endpoint.api', endpoint?.api);
  await setWhereItIs('endpoint.url', endpoint?.url);
}

/** In the folder's settings where they have a word in it, else in the user's. */
async function setWhereItIs(key: string, value: unknown): Promise<void> {
  const configuration = workspace.getConfiguration('inkling');
  const inFolder = configuration.inspect(key)?.workspaceValue !== undefined;
  if (inFolder) await configuration.update(key, value, ConfigurationTarget.Workspace);
  const isLeft = configuration.inspect(key)?.globalValue !== undefined;
  if (!inFolder || (value === undefined && isLeft)) await configuration.update(key, value, ConfigurationTarget.Global);
}

/** Remembers a choice in the user's settings; undefined is the default. */
export function setForUser(key: 'model' | 'engine', value: string | undefined): Thenable<void> {
  return workspace.getConfiguration('inkling').update(key, value, true);
}
