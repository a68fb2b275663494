import { byId, h, recall, remember } from './dom';
import { PANELS, type Panel } from './panels';
import type { Trace } from './protocol.gen';
import { timingStrip } from './timing-strip';

/** The panels beside the editor: every stage of the last suggestion, one tab a stage. */
export class GlassBox {
  readonly #root = byId('glass-box', HTMLElement);
  readonly #toggle = byId('glass-box-toggle', HTMLButtonElement);
  readonly #timing = byId('timing', HTMLElement);
  readonly #panel = byId('panel', HTMLElement);
  readonly #tabs = PANELS.map(makeTab);
  #selected = Math.max(0, PANELS.findIndex(({ id }) => id === (recall('panel') ?? 'logits')));
  #isOpen = false;
  #trace: Trace | undefined;

  constructor() {
    const list = byId('tabs', HTMLElement);
    list.append(...this.#tabs);
    list.addEventListener('keydown', (event) => this.#onKey(event));
    for (const [index, tab] of this.#tabs.entries()) tab.addEventListener('click', () => this.#select(index));
    this.#toggle.addEventListener('click', () => this.#setOpen(!this.#isOpen));
    this.#setOpen(recall('glass-box') !== 'closed');
    this.#select(this.#selected);
  }

  show(trace: Trace): void {
    this.#trace = trace;
    this.#render();
  }

  #render(): void {
    const panel = PANELS[this.#selected] as Panel;
    const trace = this.#trace;
    if (!trace || !this.#isOpen) return;
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
    remember('panel', id);
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

  #setOpen(open: boolean): void {
    this.#isOpen = open;
    this.#root.dataset.open = String(open);
    this.#toggle.setAttribute('aria-expanded', String(open));
    document.documentElement.dataset.glassBox = open ? 'open' : 'closed';
    remember('glass-box', open ? 'open' : 'closed');
    this.#render();
  }
}

function makeTab({ id, label }: Panel): HTMLButtonElement {
  return h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': 'panel', 'data-stage': id }, label);
}
