import { h } from '../src/dom';
import type { Timings, Trace } from '../src/protocol.gen';

/** What took time, in order; the stage is the panel whose ink it is drawn in. */
const SPANS: readonly { readonly key: keyof Timings; readonly label: string; readonly stage: string }[] = [
  { key: 'contextMs', label: 'context', stage: 'context' },
  { key: 'promptMs', label: 'prompt', stage: 'prompt' },
  { key: 'prefillMs', label: 'prefill', stage: 'tokens' },
  { key: 'decodeMs', label: 'decode', stage: 'logits' },
  { key: 'refineMs', label: 'refine', stage: 'suggestion' },
];

/** Where the time of a suggestion went, as one bar. */
export function timingStrip({ timings, promptTokens, reusedTokens, prefillTokS, decodeTokS }: Trace): HTMLElement {
  const bar = h('div', { class: 'timing-bar', 'aria-hidden': 'true' });
  const legend = h('ul', { class: 'timing-legend' });
  for (const { key, label, stage } of SPANS) {
    const ms = timings[key];
    const span = h('span', { 'data-stage': stage, title: `${label} ${milliseconds(ms)}` });
    // Grow by share, with a basis that keeps the shortest stage visible.
    span.style.flex = `${Math.max(ms, 0)} 1 3px`;
    bar.append(span);
    legend.append(h('li', { 'data-stage': stage }, `${label} `, h('b', {}, milliseconds(ms))));
  }
  const reused = reusedTokens > 0 ? ` (${reusedTokens} known)` : '';
  const facts = `${promptTokens} prompt tokens${reused} · reads ${rate(prefillTokS)}/s · writes ${rate(decodeTokS)}/s`;
  const summary = h('p', { class: 'timing-summary' }, h('b', {}, milliseconds(timings.totalMs)), facts);
  return h('div', {}, summary, bar, legend);
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function rate(perSecond: number): string {
  return perSecond > 0 ? perSecond.toFixed(perSecond < 10 ? 1 : 0) : '–';
}
