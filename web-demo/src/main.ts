import './styles.css';
import { isServer } from '../stages/model-info';
import { LanguageClient } from './client';
import type { Answer } from './completion';
import { announce, byId, messageOf, recall, remember } from './dom';
import { EndpointForm } from './endpoint';
import { acceptFiles } from './files';
import { GlassBox } from './glass-box';
import { ModelLine } from './model-line';
import { ModelShelf } from './models';
import { dismiss, notify } from './notices';
import { Picker } from './picker';
import type { EndpointSettings, Executes, ModelInfo, Settings, Status } from './protocol.gen';
import { hasWasmSimd, keepOffline } from './support';
import { watchTheme } from './theme';
import { Tracer } from './tracer';

const BUILT_IN = new URL(INKLING_FILES.model, document.baseURI).href;

// A demonstration shows what it would keep to itself elsewhere, and says how sure it is.
const settings: Settings = { model: recall('model') || BUILT_IN, executor: watchExecutor(), showUnsure: true };
const client = new LanguageClient(new URL(INKLING_FILES.core, document.baseURI), () => settings, {
  ready: () => editing?.reopen(),
  status: onStatus,
  progress: (token, value) => modelLine.showProgress(token, value),
  message: ({ type, message }) => (type <= 2 ? notify('server', message) : announce(message)),
  crashed: onCrash,
});
const modelLine = new ModelLine((token) => client.notify('window/workDoneProgress/cancel', { token }));
const endpointForm = new EndpointForm(client, useEndpoint);
const shelf = new ModelShelf(client, { builtIn: BUILT_IN, inUse: () => answering, load: loadModel });
const glassBox = new GlassBox();
const tracer = new Tracer(client, ({ latencyMs }, trace) => {
  modelLine.showSpeed(latencyMs, trace);
  glassBox.show(trace);
});

// The core compiles and reads its model while the editor is still being fetched.
if (hasWasmSimd()) client.start();
else notify('browser', 'The model cannot run here: this browser’s WebAssembly has no SIMD. Chrome 91, Firefox 89, Safari 16.4 and all later ones have it.');

let isPaused = false;
/** The model that this start of the core answers with. */
let answering: string | undefined;
/** The editor, once it shows a file. */
let editing: Awaited<typeof editorReady> | undefined;
const editorReady = startEditor();
void editorReady.then((ready) => (editing = ready));
watchPause();
watchTheme((theme) => void editorReady.then(({ setTheme }) => setTheme(theme)));

/** The editor is most of the page's script, and comes apart from it. */
async function startEditor() {
  const [{ createEditor, refresh, setTheme, showOpened, showSample, suggest, suggestQuietly }, { DocumentSync }, { registerCompletion }] =
    await Promise.all([import('./editor'), import('./documents'), import('./completion')]);
  const codeEditor = createEditor(byId('editor', HTMLElement));
  const documents = new DocumentSync(client, codeEditor);
  registerCompletion(client, {
    enabled: () => answering !== undefined && !isPaused,
    answered: onAnswer,
    failed: (message) => notify('suggestion', message),
  });
  const picker = new Picker({
    showSample: (name, text) => {
      showSample(codeEditor, name, text);
      if (answering) suggestQuietly(codeEditor);
    },
    showOpened: (name) => showOpened(codeEditor, name),
  });
  acceptFiles({
    openText: (name, text) => {
      picker.addOpened(name);
      showOpened(codeEditor, name, text);
    },
    loadModel: (file) => void shelf.take(URL.createObjectURL(file), file.name),
    refuse: (message) => notify('file', message),
  });
  byId('suggest', HTMLButtonElement).addEventListener('click', () => suggest(codeEditor));
  await picker.showFirst();
  if (document.activeElement === document.body) codeEditor.focus();
  return { setTheme, reopen: () => documents.reopen(), refresh: () => refresh(codeEditor) };
}

function onStatus(status: Status): void {
  modelLine.showStatus(status);
  // A server that fails is told of by the suggestion that it owed.
  if (status.state === 'error' && !status.model) offerModels(status.message ?? 'There is no model.', settings.model ?? BUILT_IN);
  if (status.state !== 'idle' || modelLine.isLoading) return;
  if (status.model) void onModel(status.model);
  else offerModels('There is no model, since its loading was cancelled.', settings.model ?? BUILT_IN);
}

/** A new model, or the old one after a restart, shows at once what it makes of the code. */
async function onModel(model: ModelInfo): Promise<void> {
  const { uri } = model;
  if (uri === answering) return;
  answering = uri;
  if (!isServer(model)) {
    settings.model = uri;
    // The built-in one has another address in every build, and a file of the user's one for this visit.
    if (!uri.startsWith('blob:')) remember('model', uri === BUILT_IN ? '' : uri);
    delete settings.endpoint;
    endpointForm.left();
  }
  dismiss('core');
  dismiss('model');
  editing?.refresh();
  // Now there is time to fill the cache.
  await keepOffline();
}

/** A server in place of the model, or the model that was there before. */
function useEndpoint(endpoint: EndpointSettings = { url: '' }): void {
  settings.endpoint = endpoint;
  // The same server may be asked otherwise from now on.
  answering = undefined;
  client.notify('workspace/didChangeConfiguration', { settings: { inkling: settings } });
}

function onAnswer(answer: Answer): void {
  modelLine.showLatency(answer.latencyMs);
  announce(answer.candidates[0] ? `Suggestion: ${answer.candidates[0]}` : '');
  tracer.follow(answer);
}

/** The old model answers until the new one is there, and goes on where that one fails. Whether the new one is there. */
async function loadModel(uri: string, name: string): Promise<boolean> {
  // The same address may have another file.
  if (uri === answering) answering = undefined;
  try {
    const model = await client.request<ModelInfo>('inkling/loadModel', { uri });
    announce(`${model.name} is loaded.`);
    return true;
  } catch (error) {
    // The user knows the file's name, not the address that the page gave it.
    offerModels(`${name}: ${messageOf(error).replace(`${uri}: `, '')}.`, uri, name);
    return false;
  }
}

function offerModels(problem: string, uri: string, name = 'The model'): void {
  const goesOn = modelLine.model ? ` ${modelLine.model.name} goes on answering.` : '';
  const retry = { label: 'Try again', run: () => void loadModel(uri, name) };
  const builtIn = { label: 'Use the built-in model', run: () => void loadModel(BUILT_IN, 'The built-in model') };
  const hasBuiltIn = uri === BUILT_IN || modelLine.model?.uri === BUILT_IN;
  notify('model', problem + goesOn, retry, ...(hasBuiltIn ? [] : [builtIn]));
}

function onCrash(reason: string, retryMs: number | undefined): void {
  answering = undefined;
  modelLine.showStatus({ state: 'error' });
  if (retryMs !== undefined) {
    notify('core', `The core stopped (${reason}). It starts again in ${retryMs / 1000} s; your text is safe.`);
  } else {
    const again = { label: 'Start it again', run: () => client.start() };
    notify('core', `The core keeps stopping (${reason}). Your text is safe. Another model may help, or reloading the page.`, again);
  }
}

/** What is to run the model: the last visit's choice, until there is another. */
function watchExecutor(): Executes {
  const select = byId('executor', HTMLSelectElement);
  select.value = recall('executor') ?? 'auto';
  select.addEventListener('change', () => {
    remember('executor', (settings.executor = select.value as Executes));
    client.notify('workspace/didChangeConfiguration', { settings: { inkling: { executor: settings.executor } } });
  });
  return select.value as Executes;
}

function watchPause(): void {
  const button = byId('pause', HTMLButtonElement);
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    button.setAttribute('aria-pressed', String(isPaused));
    announce(isPaused ? 'Suggestions come by Alt+backslash only.' : 'Suggestions come as you type.');
  });
}
