import { type ExtensionContext, Uri, workspace } from 'vscode';
import { start } from './main';

/** The extension in a browser, where files are had through the editor alone. */
export function activate(context: ExtensionContext): void {
  const read = (name: string) => workspace.fs.readFile(Uri.joinPath(context.extensionUri, 'dist', name));
  start(context, {
    // By its name the Worker knows it: its page may not fetch a `blob:` address.
    embeddedModel: async () => INKLING_MODEL,
    launcher: async () => {
      const { launchWorker } = await import('./launch.web');
      return async () => {
        const [script, module, model] = await Promise.all(['worker.web.js', 'inkling_wasm_bg.wasm', INKLING_MODEL].map(read));
        return launchWorker(script as BlobPart, { module, model: new File([model as BlobPart], INKLING_MODEL) });
      };
    },
  });
}
