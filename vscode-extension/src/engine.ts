import { l10n, type QuickPickItem, window } from 'vscode';
import type { ModelInfo } from '../../web-demo/src/protocol.gen';
import type { Platform } from './platform';
import { engineChoice, enginePath, type EngineChoice, server, setForUser } from './settings';

/** The program that runs models outside of the core; undefined where they run in it. */
export async function engineCommand({ bundledEngine }: Platform): Promise<string | undefined> {
  const choice = engineChoice();
  // `inkling lsp` runs models itself, and is asked to start an engine only by those who insist.
  if (choice === 'wasm' || (choice === 'auto' && server().kind === 'native')) return undefined;
  const found = bundledEngine && (enginePath() || (await bundledEngine()));
  return found || (choice === 'native' && bundledEngine ? 'inkling' : undefined);
}

/** What runs a model, and why this does. */
export function engineOf(model: ModelInfo): { readonly name: string; readonly why: string } {
  const why = model.engineReason ?? model.executorReason ?? '';
  if (model.engine === 'process') return { name: l10n.t('Native engine: {0}', model.executor), why };
  if (server().kind === 'native') return { name: l10n.t('Native core: {0}', model.executor), why };
  const chosen = engineChoice() === 'wasm' ? l10n.t('as the settings say') : l10n.t('there is no native engine here');
  return { name: l10n.t('WebAssembly: {0}', model.executor), why: model.engineReason ?? chosen };
}

/** Asks where models are to run, and remembers it. */
export async function chooseEngine(): Promise<void> {
  const chosen = engineChoice();
  const choice = (choice: EngineChoice, label: string, detail: string): QuickPickItem & { choice: EngineChoice } => {
    return { choice, label, detail, description: choice === chosen ? l10n.t('now') : '' };
  };
  const choices = [
    choice('auto', l10n.t('Automatic'), l10n.t('The native engine where there is one, else WebAssembly.')),
    choice('native', l10n.t('Native engine'), l10n.t('A process with all processors, and the graphics processor where it can.')),
    choice('wasm', l10n.t('WebAssembly'), l10n.t('Inside the extension, sandboxed, on one processor.')),
  ];
  const picked = await window.showQuickPick(choices, { title: l10n.t('Where models run') });
  if (picked) await setForUser('engine', picked.choice === 'auto' ? undefined : picked.choice);
}
