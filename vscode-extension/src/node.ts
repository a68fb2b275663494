import { access, constants } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { ExtensionContext } from 'vscode';
import { download } from './download';
import { start } from './main';

/** The extension in Node: a desktop, or the far side of a remote window. */
export function activate(context: ExtensionContext): void {
  const dist = context.asAbsolutePath('dist');
  const engine = context.asAbsolutePath(join('bin', process.platform === 'win32' ? 'inkling.exe' : 'inkling'));
  const storage = context.globalStorageUri.fsPath;
  start(context, {
    embeddedModel: async () => join(dist, INKLING_MODEL),
    launcher: async () => {
      const { launchProcess, launchWorker } = await import('./launch.node');
      return async (server, engine) =>
        server.kind === 'native' ? launchProcess(server.command) : launchWorker(dist, { engine, storage });
    },
    bundledEngine: () => access(engine, constants.X_OK).then(() => engine, () => undefined),
    memoryBytes: totalmem(),
    download,
  });
}
