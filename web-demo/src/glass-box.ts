import { byId, recall, remember } from './dom';
import type { Trace } from './protocol.gen';
import { Stages } from '../stages/stages';

/** The panels beside the editor, which may be closed: every stage of the last suggestion. */
export class GlassBox {
  readonly #root = byId('glass-box', HTMLElement);
  readonly #toggle = byId('glass-box-toggle', HTMLButtonElement);
  readonly #stages = new Stages(recall('panel'), (id) => remember('panel', id));
  #isOpen = false;
  #trace: Trace | undefined;

  constructor() {
    this.#toggle.addEventListener('click', () => this.#setOpen(!this.#isOpen));
    this.#setOpen(recall('glass-box') !== 'closed');
  }

  show(trace: Trace): void {
    this.#trace = trace;
    if (this.#isOpen) this.#stages.show(trace);
  }

  #setOpen(open: boolean): void {
    this.#isOpen = open;
    this.#root.dataset.open = String(open);
    this.#toggle.setAttribute('aria-expanded', String(open));
    document.documentElement.dataset.glassBox = open ? 'open' : 'closed';
    remember('glass-box', open ? 'open' : 'closed');
    if (this.#trace) this.show(this.#trace);
  }
}
