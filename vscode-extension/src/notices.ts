import { commands, type Disposable, l10n, window } from 'vscode';
import type { Core } from './core';

/** Says so when the core has crashed: once for each time, and with a way on when it does not come back. */
export function watchProblems(core: Core): Disposable {
  return core.onState((state) => {
    if (state.state !== 'crashed') return;
    if (state.retryMs !== undefined) {
      const seconds = state.retryMs / 1_000;
      void window.showWarningMessage(l10n.t('Inkling stopped and starts again in {0} s. Your text is safe.', seconds));
    } else void offerRestart(state.message);
  });
}

async function offerRestart(reason: string): Promise<void> {
  const again = l10n.t('Start Again');
  const showLog = l10n.t('Show Log');
  const text = l10n.t('Inkling keeps stopping ({0}). Your text is safe. Another model may help.', reason);
  const choice = await window.showErrorMessage(text, again, showLog);
  if (choice === again) await commands.executeCommand('inkling.restart');
  if (choice === showLog) await commands.executeCommand('inkling.showLog');
}
