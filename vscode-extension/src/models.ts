import { type ExtensionContext, l10n, ProgressLocation, type QuickPickItem, QuickPickItemKind, Uri, window, workspace } from 'vscode';
import type { CatalogueItem, ModelInfo } from '../../web-demo/src/protocol.gen';
import type { Core } from './core';
import { chooseEndpoint } from './endpoint';
import type { Platform } from './platform';
import { endpointSettings, setEndpoint, setForUser } from './settings';

type Choice = QuickPickItem & { readonly pick?: () => Promise<string | undefined>; readonly isServer?: true };

/** Lets the user choose the model; the old one answers until the new one is there, and stays if that fails. */
export async function chooseModel(platform: Platform, core: Core, context: ExtensionContext): Promise<void> {
  const folder = Uri.joinPath(context.globalStorageUri, 'models');
  const chosen = await window.showQuickPick(choices(platform, core, folder), { title: l10n.t('Choose the model that answers') });
  if (chosen?.isServer) return chooseEndpoint(core, context.secrets);
  if (!chosen?.pick) return;
  try {
    const model = await chosen.pick();
    if (model === undefined) return;
    const info = await core.request<ModelInfo>('inkling/loadModel', { uri: model || (await platform.embeddedModel()) });
    await setEndpoint(undefined);
    await setForUser('model', model || undefined);
    void window.showInformationMessage(l10n.t('{0} answers from now on.', info.name));
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return;
    const reason = error instanceof Error ? error.message : String(error);
    void window.showErrorMessage(l10n.t('That model cannot be used: {0}. The one before goes on answering.', reason));
  }
}

async function choices(platform: Platform, core: Core, folder: Uri): Promise<Choice[]> {
  const files = platform.download ? await workspace.fs.readDirectory(folder).then(undefined, () => []) : [];
  const downloaded = files.map(([name]) => name).filter((name) => name.endsWith('.gguf'));
  const found = core.request<CatalogueItem[]>('inkling/catalogue', { memoryBytes: platform.memoryBytes });
  const catalogue = platform.download ? await found.catch(() => []) : [];
  const separator = (label: string): Choice => ({ label, kind: QuickPickItemKind.Separator });
  return [
    { label: `$(inkling-drop) ${l10n.t('Embedded model')}`, description: l10n.t('small, quick, always there'), pick: async () => '' },
    ...(downloaded.length > 0 ? [separator(l10n.t('Downloaded'))] : []),
    ...downloaded.map((name) => ({ label: name, pick: async () => Uri.joinPath(folder, name).fsPath })),
    ...(catalogue.length > 0 ? [separator(l10n.t('To download'))] : []),
    ...catalogue.map((model) => toDownload(model, platform, folder)),
    separator(l10n.t('Other models')),
    ...(platform.download ? [{ label: `$(file) ${l10n.t('A GGUF file on this machine…')}`, pick: pickFile }] : []),
    { label: `$(cloud-download) ${l10n.t('Download a GGUF file…')}`, pick: () => pickUrl(platform, folder) },
    { label: `$(server) ${l10n.t('A model on a server…')}`, description: endpointSettings().url, isServer: true },
  ];
}

function toDownload({ name, url, bytes, licence, fits }: CatalogueItem, platform: Platform, folder: Uri): Choice {
  const detail = fits === false ? l10n.t('More than the memory of this machine has room for.') : '';
  const description = `${(bytes / 1e9).toFixed(1)} GB · ${licence}`;
  return { label: `$(cloud-download) ${name}`, description, detail, pick: () => fetchModel(platform, folder, url) };
}

async function pickFile(): Promise<string | undefined> {
  const files = await window.showOpenDialog({ filters: { GGUF: ['gguf'] }, title: l10n.t('Choose a GGUF file') });
  return files?.[0]?.fsPath;
}

async function pickUrl(platform: Platform, folder: Uri): Promise<string | undefined> {
  const url = await window.showInputBox({
    title: l10n.t('Download a GGUF file'),
    prompt: l10n.t('The address of a model; a download that was interrupted goes on where it stopped.'),
    placeHolder: 'https://…/model.gguf',
    ignoreFocusOut: true,
    validateInput: (text) => (/^https?:\/\/[^/]+\/./.test(text.trim()) ? undefined : l10n.t('This is no http or https address.')),
  });
  return url && fetchModel(platform, folder, url.trim());
}

/** The file's path, or the address itself where there is no place to keep it. */
async function fetchModel({ download }: Platform, folder: Uri, url: string): Promise<string> {
  if (!download) return url;
  const options = { location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Downloading the model') };
  return window.withProgress(options, (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    let shown = 0;
    const report = (bytes: number, total: number | undefined) => {
      const percent = total ? Math.floor((100 * bytes) / total) : 0;
      progress.report({ increment: percent - shown, message: megabytes(bytes, total) });
      shown = percent;
    };
    return download(url, folder.fsPath, report, abort.signal);
  });
}

function megabytes(bytes: number, total: number | undefined): string {
  const mb = (n: number) => (n / 1e6).toFixed(1);
  return total ? l10n.t('{0} of {1} MB', mb(bytes), mb(total)) : l10n.t('{0} MB', mb(bytes));
}
