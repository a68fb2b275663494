import { env, type ExtensionContext, l10n, UIKind, version, window, workspace } from 'vscode';
import { isServer } from '../../web-demo/stages/model-info';
import type { Core } from './core';
import { engineOf } from './engine';
import { redacted } from './redact';

/** Settings whose values are numbers or switches: nothing that a user wrote, no path and no address. */
const PLAIN = ['server', 'engine', 'metrics.enabled', 'maxTokens', 'promptTokens', 'debounceMs', 'temperature', 'candidates', 'threads', 'endpoint.api', 'endpoint.template'];

/** Puts on the clipboard what helps to find a fault: versions, state and numbers; no code, no names, no paths. */
export async function copyDiagnostics(context: ExtensionContext, core: Core): Promise<void> {
  const configuration = workspace.getConfiguration('inkling');
  const { model } = core;
  const settings = PLAIN.map((key) => [key, configuration.get(key)]).filter(([, value]) => value != null);
  const lines = {
    Inkling: context.extension.packageJSON.version,
    editor: `${env.appName} ${version}, ${env.uiKind === UIKind.Web ? 'web' : 'desktop'}${env.remoteName ? ', remote' : ''}`,
    language: env.language,
    state: core.state.state,
    trusted: workspace.isTrusted,
    model: model && !isServer(model) && `${model.architecture}, ${model.nParameters} parameters, ${model.quantization}`,
    'runs on': model && (isServer(model) ? 'a server' : `${redacted(Object.values(engineOf(model)).filter(Boolean).join(', '))}, ${model.threads} threads`),
    settings: JSON.stringify(Object.fromEntries(settings)),
  };
  const problems = core.problems.map((problem) => `- ${redacted(problem)}`);
  const text = Object.entries(lines).map(([name, value]) => `${name}: ${value || '–'}`);
  await env.clipboard.writeText([...text, 'last problems:', ...problems].join('\n'));
  void window.showInformationMessage(l10n.t('The diagnostics are on the clipboard. They hold no code and no paths.'));
}
