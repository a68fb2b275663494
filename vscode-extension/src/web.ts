import { type ExtensionContext, Uri, workspace } from 'vscode';
import { start } from './main';

/** The extension in a browser, where files are had through the editor alone. */
export function activate(context: ExtensionContext): void {
  const read = (name: string) => workspace.fs.readFile(Uri.joinPath(context.extensionUri, 'dist', name));
  const asUrl = async (name: string, type: string) =>
    URL.createObjectURL(new Blob([(await read(name)) as BlobPart], { type }));
  let model: Promise<string> | undefined;
  start(context, {
    embeddedModel: () => (model ??= asUrl(INKLING_MODEL, 'application/octet-stream')),
    launcher: async () => {
      const { launchWorker } = await import('./launch.web');
      return async () => launchWorker(await asUrl('worker.web.js', 'text/javascript'), await read('inkling_wasm_bg.wasm'));
    },
  });
}
