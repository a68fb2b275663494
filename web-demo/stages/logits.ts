import { h } from '../src/dom';
import type { TraceAlternative, TraceStep } from '../src/protocol.gen';
import { visible } from './tokens';

/** The answer, each token inked by its probability. */
export function answerText(logits: readonly TraceStep[]): HTMLElement {
  const tokens = logits.map(({ text, probability }) => {
    const token = h('span', { title: `${visible(text)} ${percent(probability)}` }, text);
    token.style.setProperty('--probability', probability.toFixed(3));
    return token;
  });
  return h('pre', { class: 'answer' }, ...tokens);
}

/** A line for each token, a bar of its alternatives, and their list where the line is opened. */
export function steps(logits: readonly TraceStep[]): HTMLElement {
  return h('ol', { class: 'steps' }, ...logits.map((step) => h('li', {}, stepDetails(step))));
}

function stepDetails(step: TraceStep): HTMLElement {
  const bar = h('span', { class: 'odds', 'aria-hidden': 'true' }, ...step.alternatives.map((other) => segment(other, step)));
  const summary = h('summary', {}, h('code', {}, visible(step.text) || '∅'), bar, h('b', {}, percent(step.probability)));
  const list = h('ul', {}, ...step.alternatives.map((other) => alternative(other, step)));
  return h('details', {}, summary, list);
}

/** A part of the bar, as wide as it is likely; short ones have no room for their text. */
function segment(other: TraceAlternative, step: TraceStep): HTMLElement {
  const text = other.probability > 0.12 ? visible(other.text) : '';
  const part = h('span', { class: other.id === step.id ? 'chosen' : '', title: `${visible(other.text)} ${percent(other.probability)}` }, text);
  part.style.width = `${100 * other.probability}%`;
  return part;
}

function alternative(other: TraceAlternative, step: TraceStep): HTMLElement {
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--probability', other.probability.toFixed(3));
  return h(
    'li',
    { class: other.id === step.id ? 'chosen' : '' },
    h('code', {}, visible(other.text) || '∅'),
    bar,
    h('span', {}, percent(other.probability)),
    h('small', {}, `token ${other.id}`),
  );
}

function percent(probability: number): string {
  const value = 100 * probability;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}
