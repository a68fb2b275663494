import { commands, type ExtensionContext, window, workspace } from 'vscode';
import { Completion } from './completion';
import { Core } from './core';
import { watchCopilot } from './copilot';
import { copyDiagnostics } from './diagnostics';
import { endpoint, endpointCommands } from './endpoint';
import { chooseEngine, engineCommand } from './engine';
import { Inspector } from './inspector';
import { MetricsPanel } from './metrics';
import { chooseModel } from './models';
import { watchProblems } from './notices';
import type { Platform } from './platform';
import { coreSettings, isExcluded, server } from './settings';
import { StatusItem } from './status';

/** Settings that the core reads at its start alone, or that decide which documents it has. */
const NEED_RESTART = ['server', 'nativePath', 'engine', 'enginePath', 'exclude', 'threads'].map((key) => `inkling.${key}`);

/** Registers everything; the core starts when this has returned, so that no one waits for it. */
export function start(context: ExtensionContext, platform: Platform): void {
  const startedAt = performance.now();
  const log = window.createOutputChannel('Inkling', { log: true });
  const completion = new Completion(context.workspaceState);
  const engine = () => engineCommand(platform);
  const core = new Core(platform, {
    settings: async () => coreSettings(await platform.embeddedModel(), await endpoint(context.secrets), !!(await engine())),
    server,
    engine,
    mayOpen: (document) => !isExcluded(document),
    middleware: completion.middleware,
  }, log);
  completion.attach(core);
  const status = new StatusItem(core, completion);
  const inspector = new Inspector(context.extensionUri, core, completion);
  const metrics = new MetricsPanel(context.extensionUri, core);
  const command = (name: string, run: (...args: never[]) => unknown) => commands.registerCommand(`inkling.${name}`, run);
  context.subscriptions.push(
    log,
    core,
    completion,
    status,
    inspector,
    watchProblems(core),
    watchCopilot(context.globalState, completion),
    command('menu', () => status.showMenu()),
    command('suggest', () => commands.executeCommand('editor.action.inlineSuggest.trigger')),
    command('togglePause', () => completion.togglePause()),
    command('toggleLanguage', () => completion.toggleLanguage()),
    command('chooseModel', () => chooseModel(platform, core, context)),
    command('chooseEngine', chooseEngine),
    command('showMetrics', () => metrics.show()),
    command('restart', () => core.restart()),
    command('showLog', () => log.show()),
    command('settings', () => commands.executeCommand('workbench.action.openSettings', `@ext:${context.extension.id}`)),
    command('copyDiagnostics', () => copyDiagnostics(context, core)),
    ...endpointCommands(context, core),
    workspace.onDidChangeConfiguration((event) => {
      if (NEED_RESTART.some((key) => event.affectsConfiguration(key))) void core.restart();
      else if (event.affectsConfiguration('inkling')) void core.configure();
    }),
    workspace.onDidGrantWorkspaceTrust(() => void core.restart()),
  );
  log.info(`Activated in ${(performance.now() - startedAt).toFixed(1)} ms.`);
  setTimeout(() => void core.restart());
}
