import { type Disposable, l10n, type Memento, window, workspace } from 'vscode';
import type { Completion } from './completion';

/** Whoever was told once decides by the settings from then on. */
const TOLD = 'toldOfCopilot';

/** Says so, once, where Copilot suggests too, and offers to switch one of both off. */
export function watchCopilot(memory: Memento, completion: Completion): Disposable {
  const look = () => void tell(memory, completion);
  setTimeout(look);
  return workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('github.copilot') && look());
}

async function tell(memory: Memento, completion: Completion): Promise<void> {
  if (memory.get(TOLD) || completion.isPaused || !copilotSuggests()) return;
  await memory.update(TOLD, true);
  const [copilot, inkling] = [l10n.t('Turn Off Copilot’s'), l10n.t('Pause Inkling’s')];
  const text = l10n.t('Copilot and Inkling both suggest as you type, and one would hide the other’s suggestions.');
  const choice = await window.showInformationMessage(text, copilot, inkling, l10n.t('Keep Both'));
  if (choice === inkling && !completion.isPaused) await completion.togglePause();
  if (choice !== copilot) return;
  const settings = workspace.getConfiguration('github.copilot');
  await settings.update('enable', { ...enabled(), '*': false }, true);
}

/** An extension that runs on another machine than this one is known by its settings alone. */
function copilotSuggests(): boolean {
  const isThere = workspace.getConfiguration('github.copilot').inspect('enable')?.defaultValue !== undefined;
  return isThere && enabled()['*'] !== false;
}

/** Languages in which Copilot suggests; `*` speaks for all that are not named. */
function enabled(): Record<string, boolean> {
  return workspace.getConfiguration('github.copilot').get('enable') ?? {};
}
