import type { Answer } from './completion';
import type { LanguageClient } from './client';
import type { Trace } from './protocol.gen';

/** Quiet after a suggestion before its trace is fetched, so that fast typing fetches none. */
const DEBOUNCE_MS = 120;

/** Fetches how the last suggestion came about; an answer that a later one has overtaken is dropped. */
export class Tracer {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Answer | undefined;

  constructor(
    private readonly client: LanguageClient,
    private readonly traced: (answer: Answer, trace: Trace) => void,
  ) {}

  follow(answer: Answer): void {
    this.#last = answer;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#fetch(answer), DEBOUNCE_MS);
  }

  async #fetch(answer: Answer): Promise<void> {
    const { uri, position } = answer;
    try {
      const trace = await this.client.request<Trace | null>('inkling/trace', { textDocument: { uri }, position });
      if (trace && answer === this.#last) this.traced(answer, trace);
    } catch {
      // The text has changed under it: the next suggestion brings the next trace.
    }
  }
}
