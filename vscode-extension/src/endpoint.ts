import { commands, type ExtensionContext, l10n, ProgressLocation, type QuickPickItem, type SecretStorage, window } from 'vscode';
import type { EndpointApi, EndpointSettings, EndpointTest } from '../../web-demo/src/protocol.gen';
import type { Core } from './core';
import { keyName } from './key-name';
import { endpointSettings, setEndpoint } from './settings';

/** The server that the settings name, with its key; one without a `url` is none. */
export async function endpoint(secrets: SecretStorage): Promise<EndpointSettings> {
  return withKey(endpointSettings(), secrets);
}

/** Asks for a server, tries it, and has it answer from then on. */
export async function chooseEndpoint(core: Core, secrets: SecretStorage): Promise<void> {
  const before = endpointSettings();
  const url = await window.showInputBox({
    title: l10n.t('A model on a server (1 of 3)'),
    prompt: l10n.t('The address of vLLM, llama.cpp, Ollama, LM Studio or another server with OpenAI’s interface. It will see your code.'),
    placeHolder: 'http://localhost:8080/v1',
    value: before.url,
    ignoreFocusOut: true,
    validateInput: (text) => (keyName(text) ? undefined : l10n.t('This is no http or https address.')),
  });
  if (url === undefined) return;
  const model = await window.showInputBox({
    title: l10n.t('A model on a server (2 of 3)'),
    prompt: l10n.t('The model’s name on the server; empty where it has but one.'),
    placeHolder: 'qwen2.5-coder:1.5b-base',
    value: before.model ?? '',
    ignoreFocusOut: true,
  });
  if (model === undefined) return;
  const api = await window.showQuickPick(apis(), { title: l10n.t('A model on a server (3 of 3)'), ignoreFocusOut: true });
  if (!api) return;
  const chosen = { ...before, url: url.trim(), model: model.trim(), api: api.api };
  if (await isWanted(core, secrets, chosen)) await setEndpoint(chosen);
}

/** Asks for the key of the server that the settings name; an empty one is forgotten. */
export async function setKey(core: Core, secrets: SecretStorage): Promise<void> {
  const { url } = endpointSettings();
  if (!url) return void window.showInformationMessage(l10n.t('There is no server: choose one as the model first.'));
  if (await askForKey(secrets, url)) await core.configure();
}

/** Says whether the server that the settings name answers, and how fast. */
export async function testEndpoint(core: Core, secrets: SecretStorage): Promise<void> {
  const { url } = endpointSettings();
  if (!url) return void window.showInformationMessage(l10n.t('There is no server: choose one as the model first.'));
  const problem = await test(core, await endpoint(secrets));
  if (problem) void offerKey(core, secrets, problem);
}

/** Registers the commands about servers. */
export function endpointCommands({ secrets }: ExtensionContext, core: Core) {
  return [
    commands.registerCommand('inkling.setEndpointKey', () => setKey(core, secrets)),
    commands.registerCommand('inkling.testEndpoint', () => testEndpoint(core, secrets)),
    // Another window may have been told the key.
    secrets.onDidChange(() => void core.configure()),
  ];
}

/** Whether a server answers, or is to be used although it does not yet. */
async function isWanted(core: Core, secrets: SecretStorage, chosen: EndpointSettings): Promise<boolean> {
  for (;;) {
    const problem = await test(core, await withKey(chosen, secrets));
    if (!problem) return true;
    const [key, anyway] = [l10n.t('Enter a Key…'), l10n.t('Use It Anyway')];
    const choice = await window.showErrorMessage(problem, key, anyway);
    if (choice === anyway) return true;
    if (choice !== key || !(await askForKey(secrets, chosen.url))) return false;
  }
}

async function withKey(settings: EndpointSettings, secrets: SecretStorage): Promise<EndpointSettings> {
  const name = keyName(settings.url);
  const key = name && (await secrets.get(name));
  return key ? { ...settings, key } : settings;
}

/** What is wrong with a server; nothing if it answers. */
async function test(core: Core, settings: EndpointSettings): Promise<string | undefined> {
  const options = { location: ProgressLocation.Notification, title: l10n.t('Asking {0}', settings.url) };
  try {
    const { url, firstMs, totalMs } = await window.withProgress(options, () =>
      core.request<EndpointTest>('inkling/testEndpoint', settings),
    );
    const [first, total] = [Math.round(firstMs), Math.round(totalMs)];
    void window.showInformationMessage(l10n.t('{0} answers: first word after {1} ms, all after {2} ms.', url, first, total));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function offerKey(core: Core, secrets: SecretStorage, problem: string): Promise<void> {
  const key = l10n.t('Enter a Key…');
  if ((await window.showErrorMessage(problem, key)) === key) await setKey(core, secrets);
}

/** Whether the user gave a key, or took it away, for the server at `url` alone. */
async function askForKey(secrets: SecretStorage, url: string): Promise<boolean> {
  const name = keyName(url);
  const key = await window.showInputBox({
    title: l10n.t('The key for {0}', url),
    prompt: l10n.t('It is kept in your system’s key store and sent to this server only. Empty for none.'),
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined || !name) return false;
  await (key.trim() ? secrets.store(name, key.trim()) : secrets.delete(name));
  return true;
}

function apis(): (QuickPickItem & { api: EndpointApi })[] {
  return [
    { label: l10n.t('Automatic'), api: 'auto', detail: l10n.t('By the model’s name: our prompt where it is known, else the server’s.') },
    { label: '/v1/completions', api: 'completions', detail: l10n.t('With our fill-in-the-middle prompt.') },
    { label: '/v1/completions + suffix', api: 'suffix', detail: l10n.t('The server makes the prompt.') },
    { label: '/infill', api: 'infill', detail: l10n.t('llama.cpp: the server makes the prompt.') },
    { label: '/v1/chat/completions', api: 'chat', detail: l10n.t('For models that only talk.') },
  ];
}
