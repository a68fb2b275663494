import type { LanguageClient } from './client';
import { byId, messageOf, recall, remember } from './dom';
import type { EndpointApi, EndpointSettings, EndpointTest } from './protocol.gen';

/** The form for a server that answers in place of a model in the tab. Its key is kept nowhere but in the form. */
export class EndpointForm {
  readonly #dialog = byId('endpoint', HTMLDialogElement);
  readonly #url = byId('endpoint-url', HTMLInputElement);
  readonly #model = byId('endpoint-model', HTMLInputElement);
  readonly #api = byId('endpoint-api', HTMLSelectElement);
  readonly #key = byId('endpoint-key', HTMLInputElement);
  readonly #result = byId('endpoint-result', HTMLElement);
  readonly #leave = byId('endpoint-leave', HTMLButtonElement);

  /** `use` is called with the chosen server, or with undefined for a model in the tab again. */
  constructor(
    private readonly client: LanguageClient,
    use: (endpoint: EndpointSettings | undefined) => void,
  ) {
    this.#url.value = recall('endpoint.url') ?? '';
    this.#model.value = recall('endpoint.model') ?? '';
    this.#api.value = recall('endpoint.api') ?? 'auto';
    byId('use-endpoint', HTMLButtonElement).addEventListener('click', () => this.#dialog.showModal());
    byId('endpoint-test', HTMLButtonElement).addEventListener('click', () => void this.#test());
    byId('endpoint-close', HTMLButtonElement).addEventListener('click', () => this.#dialog.close());
    const done = (endpoint?: EndpointSettings) => {
      this.#dialog.close();
      this.#leave.hidden = !endpoint;
      use(endpoint);
    };
    this.#leave.addEventListener('click', () => done());
    byId('endpoint-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      for (const key of ['url', 'model', 'api'] as const) remember(`endpoint.${key}`, this.#settings()[key] ?? '');
      done(this.#settings());
    });
  }

  /** A model in the tab answers again. */
  left(): void {
    this.#leave.hidden = true;
  }

  #settings(): EndpointSettings {
    const api = this.#api.value as EndpointApi;
    return { url: this.#url.value.trim(), model: this.#model.value.trim(), api, key: this.#key.value.trim() };
  }

  async #test(): Promise<void> {
    if (!this.#url.reportValidity()) return;
    this.#show('asking', 'Asking …');
    try {
      const { url, text, firstMs, totalMs } = await this.client.request<EndpointTest>('inkling/testEndpoint', this.#settings());
      const times = `first word after ${Math.round(firstMs)} ms, all after ${Math.round(totalMs)} ms`;
      this.#show('good', `${url} answers ${JSON.stringify(text)}: ${times}.`);
    } catch (error) {
      this.#show('bad', `${messageOf(error)}.`);
    }
  }

  #show(state: 'asking' | 'good' | 'bad', text: string): void {
    this.#result.dataset.state = state;
    this.#result.textContent = text;
  }
}
