import { byId, h } from '../src/dom';
import { PANELS, type Panel } from './panels';
import type { Trace } from '../src/protocol.gen';
import { timingStrip } from './timing-strip';

/** The stages of a suggestion, one tab a stage, below the strip of their times: every shell shows these. */
export class Stages {
  readonly #timing = byId('timing', HTMLElement);
  readonly #panel = byId('panel', HTMLElement);
  readonly #tabs = PANELS.map(makeTab);
  #selected: number;
  #trace: Trace | undefined;

  /** Begins with the stage `first`; `selected` hears of every other. */
  constructor(
    first: string | null | undefined,
    private readonly selected: (id: string) => void,
  ) {
    const list = byId('tabs', HTMLElement);
    list.append(...this.#tabs);
    list.addEventListener('keydown', (event) => this.#onKey(event));
    for (const [index, tab] of this.#tabs.entries()) tab.addEventListener('click', () => this.#select(index));
    this.#selected = Math.max(0, PANELS.findIndex(({ id }) => id === (first ?? 'logits')));
    this.#select(this.#selected);
  }

  show(trace: Trace): void {
    this.#trace = trace;
    this.#render();
  }

  #render(): void {
    const panel = PANELS[this.#selected] as Panel;
    const trace = this.#trace;
    if (!trace) return;
    this.#timing.replaceChildren(timingStrip(trace));
    this.#panel.replaceChildren(h('p', { class: 'caption' }, panel.caption(trace)), ...panel.render(trace));
  }

  #select(index: number): void {
    this.#selected = index;
    const { id } = PANELS[index] as Panel;
    for (const [other, tab] of this.#tabs.entries()) {
      tab.setAttribute('aria-selected', String(other === index));
      tab.tabIndex = other === index ? 0 : -1;
    }
    this.#panel.setAttribute('aria-labelledby', `tab-${id}`);
    this.#panel.dataset.stage = id;
    this.#panel.scrollTop = 0;
    this.selected(id);
    this.#render();
  }

  /** The keys of the ARIA tabs pattern. */
  #onKey(event: KeyboardEvent): void {
    const n = this.#tabs.length;
    const steps: Record<string, number> = {
      ArrowRight: (this.#selected + 1) % n,
      ArrowLeft: (this.#selected + n - 1) % n,
      Home: 0,
      End: n - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.#select(next);
    this.#tabs[next]?.focus();
  }
}

function makeTab({ id, label }: Panel): HTMLButtonElement {
  return h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': 'panel', 'data-stage': id }, label);
}
