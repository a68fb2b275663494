import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/browser';
import type { LanguageClient } from './client';
import { announce, byId, h, messageOf } from './dom';
import { megabytes } from './model-line';
import { dismiss, notify } from './notices';
import type { KeptModel, KeptModels } from './protocol.gen';

/** What the page does with a model that was chosen. */
export interface ModelUser {
  readonly builtIn: string;
  /** The address of the model in use. */
  inUse(): string | undefined;
  /** Loads a model and tells the user where that fails. Whether it answers now. */
  load(uri: string, name: string): Promise<boolean>;
}

/** The error's code where a request was cancelled. */
const CANCELLED = -32800;

/** The dialog of models: the built-in one, those that the browser keeps, and ways to get more. */
export class ModelShelf {
  readonly #dialog = byId('models', HTMLDialogElement);
  readonly #list = byId('models-list', HTMLElement);
  readonly #room = byId('models-room', HTMLElement);
  readonly #url = byId('models-url', HTMLInputElement);
  /** The address, or else the name, of the file that is on its way. */
  #arriving: string | undefined;

  constructor(
    private readonly client: LanguageClient,
    private readonly user: ModelUser,
  ) {
    byId('choose-model', HTMLButtonElement).addEventListener('click', () => void this.#show());
    byId('models-close', HTMLButtonElement).addEventListener('click', () => this.#dialog.close());
    byId('models-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.take(this.#url.value.trim());
      this.#url.value = '';
    });
  }

  /** Has the browser keep the file at an address, from where an earlier try broke off, and uses it. */
  async take(url: string, name?: string): Promise<void> {
    this.#dialog.close();
    dismiss('models');
    // Else the browser may clear it away when the disk is full.
    void navigator.storage?.persist?.();
    this.#arriving = name ?? url;
    try {
      const kept = await this.client.request<KeptModel>('inkling/keepModel', { url, name });
      await this.user.load(kept.uri, kept.name);
    } catch (error) {
      await this.#offerAgain(error, url, name);
    } finally {
      if (this.#arriving === (name ?? url)) this.#arriving = undefined;
    }
  }

  /** A file of the user's answers also where it cannot be kept. */
  async #offerAgain(error: unknown, url: string, name: string | undefined): Promise<void> {
    const code = error instanceof ResponseError ? error.code : undefined;
    if (code === ErrorCodes.PendingResponseRejected) return;
    const reason = messageOf(error);
    if (!name) {
      const again = { label: code === CANCELLED ? 'Go on' : 'Try again', run: () => void this.take(url) };
      notify('models', `${url}: ${reason}.`, again);
    } else if (code !== CANCELLED && (await this.user.load(url, name))) {
      notify('models', `${name} answers until you leave this page, and is not kept: ${reason}.`);
    }
  }

  async #show(): Promise<void> {
    if (!this.#dialog.open) this.#dialog.showModal();
    const { builtIn } = this.user;
    const own = this.#row('The built-in model', 'comes with the page', this.#use(builtIn, 'The built-in model'));
    try {
      const { models, freeBytes } = await this.client.request<KeptModels>('inkling/keptModels', {});
      this.#list.replaceChildren(own, ...models.map((model) => this.#keptRow(model)));
      this.#room.textContent = freeBytes === null ? '' : `There is room for ${megabytes(freeBytes)} more.`;
    } catch (error) {
      this.#list.replaceChildren(own);
      this.#room.textContent = `${messageOf(error)}.`;
    }
  }

  #keptRow(model: KeptModel): HTMLElement {
    const { uri, name, url, bytes, totalBytes, isWhole } = model;
    const from = url ? new URL(url).host : 'from this computer';
    if (isWhole) return this.#row(name, `${megabytes(bytes)} · ${from}`, this.#use(uri, name), this.#delete(model));
    const size = totalBytes ? `${megabytes(bytes)} of ${megabytes(totalBytes)}` : megabytes(bytes);
    if (this.#arriving === (url ?? name)) return this.#row(name, `${size} · ${from}`, h('span', { class: 'in-use' }, 'Arriving'));
    const more = url ? [button('Go on', `Go on fetching ${name}`, () => void this.take(url))] : [];
    return this.#row(name, `${size} · ${from}`, ...more, this.#delete(model));
  }

  #row(name: string, facts: string, ...actions: HTMLElement[]): HTMLElement {
    return h('li', {}, h('span', { class: 'model-text' }, h('strong', {}, name), h('span', { class: 'hint' }, facts)), ...actions);
  }

  #use(uri: string, name: string): HTMLElement {
    if (uri === this.user.inUse()) return h('span', { class: 'in-use' }, 'In use');
    return button('Use', `Use ${name}`, () => {
      this.#dialog.close();
      void this.user.load(uri, name);
    });
  }

  /** Asks once more, since a download may have taken an hour. */
  #delete({ uri, name, bytes }: KeptModel): HTMLElement {
    const ask = button('Delete', `Delete ${name}`, () => {
      const really = button(`Delete ${megabytes(bytes)}`, `Delete ${megabytes(bytes)} for good: ${name}`, () => void this.#remove(uri));
      really.classList.add('danger');
      really.addEventListener('blur', () => really.replaceWith(ask));
      ask.replaceWith(really);
      really.focus();
    });
    return ask;
  }

  /** The model in use gives way to the built-in one first. */
  async #remove(uri: string): Promise<void> {
    const { builtIn } = this.user;
    try {
      if (uri === this.user.inUse()) await this.user.load(builtIn, 'The built-in model');
      await this.client.request('inkling/deleteModel', { uri });
      announce('The model is deleted.');
    } catch (error) {
      notify('models', `${messageOf(error)}.`);
    }
    await this.#show();
    this.#url.focus();
  }
}

function button(label: string, name: string, run: () => void): HTMLButtonElement {
  const made = h('button', { type: 'button', 'aria-label': name }, label);
  made.addEventListener('click', run);
  return made;
}
