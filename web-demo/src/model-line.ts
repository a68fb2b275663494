import { isServer } from '../stages/model-info';
import type { WorkDone } from './client';
import { announce, byId } from './dom';
import type { ModelInfo, Status, Trace } from './protocol.gen';

/** The line about the model: what it is, where it runs, how its loading gets on, how fast it answered. */
export class ModelLine {
  readonly #root = byId('model', HTMLElement);
  readonly #name = byId('model-name', HTMLElement);
  readonly #facts = byId('model-facts', HTMLElement);
  readonly #loading = byId('model-loading', HTMLElement);
  readonly #progress = byId('model-progress', HTMLProgressElement);
  readonly #message = byId('model-message', HTMLElement);
  readonly #speed = byId('speed', HTMLElement);
  #token: number | string | undefined;
  #title = '';
  #state: Status['state'] = 'loading';
  /** The model that answers. */
  model: ModelInfo | undefined;

  constructor(cancel: (token: number | string) => void) {
    byId('model-cancel', HTMLButtonElement).addEventListener('click', () => {
      if (this.#token !== undefined) cancel(this.#token);
    });
  }

  /** Whether a model is on its way. */
  get isLoading(): boolean {
    return this.#token !== undefined;
  }

  showStatus({ state, model }: Status): void {
    if (state === 'error') this.#showLoading({ kind: 'end' });
    const isEmpty = !model && state !== 'loading';
    this.#state = isEmpty ? 'error' : state;
    this.#root.dataset.state = this.isLoading ? 'loading' : this.#state;
    if (model) this.#showModel(model);
    else if (isEmpty && !this.isLoading) this.#showNone();
  }

  /** Only models take long enough for a progress bar. A newer load takes the bar over. */
  showProgress(token: number | string, value: WorkDone): void {
    if (value.kind === 'begin') {
      this.#token = token;
      this.#title = value.title;
      if (!this.model) this.#name.textContent = 'Loading the model';
      announce(value.title);
    }
    if (token === this.#token) this.#showLoading(value);
  }

  showLatency(latencyMs: number): void {
    this.#speed.textContent = `${Math.round(latencyMs)} ms`;
  }

  showSpeed(latencyMs: number, trace: Trace): void {
    const speeds = [`${Math.round(latencyMs)} ms`];
    if (trace.decodeTokS > 0) speeds.push(`${trace.decodeTokS.toFixed(trace.decodeTokS < 10 ? 1 : 0)} tokens/s`);
    this.#speed.textContent = speeds.join(' · ');
  }

  #showModel(model: ModelInfo): void {
    this.model = model;
    this.#name.textContent = model.name;
    byId('claim', HTMLElement).textContent = isServer(model)
      ? `What you type is sent to ${new URL(model.uri).host}.`
      : 'A code model that lives in this tab. Nothing you type leaves it.';
    const threads = model.threads > 1 ? `, ${model.threads} threads` : '';
    const facts = [
      `${count(model.nParameters)} parameters`,
      megabytes(model.fileBytes),
      model.quantization,
      `${model.executor}${threads}`,
    ];
    this.#facts.textContent = isServer(model) ? model.executor : facts.join(' · ');
    byId('executor-note', HTMLElement).textContent = executorNote(model);
  }

  #showNone(): void {
    this.model = undefined;
    this.#name.textContent = 'No model';
    this.#facts.textContent = '';
  }

  #showLoading(value: WorkDone): void {
    if (value.kind === 'end') this.#token = undefined;
    if (!this.isLoading && this.#state === 'error') this.#showNone();
    this.#root.dataset.state = this.isLoading ? 'loading' : this.#state;
    const hadFocus = this.#loading.contains(document.activeElement);
    this.#loading.hidden = value.kind === 'end';
    if (hadFocus && this.#loading.hidden) byId('choose-model', HTMLButtonElement).focus();
    this.#message.textContent = [this.#title, value.message].filter(Boolean).join(': ');
    const percentage = value.kind === 'end' ? undefined : value.percentage;
    if (percentage === undefined) this.#progress.removeAttribute('value');
    else this.#progress.value = percentage;
    this.#root.style.setProperty('--loaded', `${percentage ?? 0}%`);
  }
}

/** Why the model runs where it does. */
function executorNote(model: ModelInfo): string {
  const { executor, executorReason } = model;
  if (isServer(model)) return `The model runs on a server, which sees your code: ${executor}.`;
  if (!executor.startsWith('CPU')) return `The model runs on this device’s graphics processor (${executor}), by WebGPU.`;
  return `The model runs on this device’s processor (${executor})${executorReason ? `: ${executorReason}` : ', as chosen'}.`;
}

function count(n: number): string {
  const [unit, name] = n >= 1e9 ? [1e9, 'B'] : n >= 1e6 ? [1e6, 'M'] : [1e3, 'K'];
  const scaled = n / unit;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)}${name}`;
}

/** A size for people. */
export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
