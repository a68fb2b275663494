import { byId, h, recall, remember } from './dom';
import { LANGUAGES } from './languages';

/** What the picker chooses from. */
export interface Shelf {
  showSample(name: string, text: string): void;
  showOpened(name: string): void;
}

/** The list of languages, each with its sample, and of the files that were opened. */
export class Picker {
  readonly #select = byId('language', HTMLSelectElement);
  readonly #samples = h('optgroup', { label: 'Samples' });
  readonly #opened = h('optgroup', { label: 'Your files' });

  constructor(private readonly shelf: Shelf) {
    for (const { label, sample } of LANGUAGES) {
      if (sample) this.#samples.append(h('option', { value: sample }, label));
    }
    this.#select.append(this.#samples);
    this.#select.addEventListener('change', () => void this.#show());
  }

  /** Shows the sample of the last visit's language. */
  async showFirst(): Promise<void> {
    const last = recall('sample');
    if (LANGUAGES.some(({ sample }) => sample === last)) this.#select.value = last ?? '';
    await this.#show();
  }

  /** Lists a file and chooses it. */
  addOpened(name: string): void {
    const known = [...this.#opened.children].some((option) => option.textContent === name);
    if (!known) this.#opened.append(h('option', { value: `opened/${name}` }, name));
    this.#select.append(this.#opened);
    this.#select.value = `opened/${name}`;
  }

  async #show(): Promise<void> {
    const chosen = this.#select.value;
    if (chosen.startsWith('opened/')) return this.shelf.showOpened(chosen.slice('opened/'.length));
    remember('sample', chosen);
    const response = await fetch(new URL(`samples/${chosen}`, document.baseURI));
    const text = await response.text();
    // Another one may have been chosen meanwhile.
    if (this.#select.value === chosen) this.shelf.showSample(chosen, text);
  }
}
