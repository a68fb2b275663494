/** Waits before the first, second … restart. */
const WAITS_MS = [500, 2_000, 8_000, 30_000];

/** A core that has lived this long is no longer suspected of crashing right away. */
const STEADY_MS = 60_000;

/** How long to wait before a core that crashed is started again. */
export class BackOff {
  #nCrashes = 0;

  /** Undefined after too many crashes in a row: only the user starts it again. */
  afterCrash(livedMs: number): number | undefined {
    if (livedMs >= STEADY_MS) this.#nCrashes = 0;
    return WAITS_MS[this.#nCrashes++];
  }

  reset(): void {
    this.#nCrashes = 0;
  }
}
