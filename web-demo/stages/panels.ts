import { h } from '../src/dom';
import { answerText, steps } from './logits';
import type { Trace, TraceSnippet } from '../src/protocol.gen';
import { chip, visible } from './tokens';

/** One stage of the pipeline, as a tab of the glass box. */
export interface Panel {
  readonly id: string;
  readonly label: string;
  caption(trace: Trace): string;
  render(trace: Trace): Node[];
}

/** In the order of the pipeline. */
export const PANELS: readonly Panel[] = [
  {
    id: 'tree',
    label: 'Tree',
    caption: ({ tree }) => (tree ? 'The syntax tree around the cursor.' : 'No grammar for this language: it is completed as plain text.'),
    render: ({ tree }) => [h('pre', { class: 'tree' }, ...tree.split('\n').flatMap(treeLine))],
  },
  {
    id: 'context',
    label: 'Context',
    caption: () => 'What the model might be told; ┄ marks where it may be cut.',
    render: ({ context, snippets, redacted }) => [
      h('ul', { class: 'snippets', 'aria-label': 'Other code, the most relevant first' }, ...[...snippets].reverse().map(snippetRow)),
      h('ul', { class: 'redacted', 'aria-label': 'Kept from the model' }, ...redacted.map((kind) => h('li', {}, kind))),
      h('pre', { class: 'context' }, ...context.split('\n').flatMap(contextLine)),
    ],
  },
  {
    id: 'prompt',
    label: 'Prompt',
    caption: ({ promptTokens }) => `What fitted the budget, in the model’s own format: ${promptTokens} tokens.`,
    render: ({ prompt }) => [h('pre', { class: 'prompt' }, ...prompt.split(/(<[|｜][^<>\n]+[|｜]>)/).map(promptPart))],
  },
  {
    id: 'tokens',
    label: 'Tokens',
    caption: ({ reusedTokens }) =>
      reusedTokens > 0
        ? `What the model reads. The ${reusedTokens} pale ones it still knew from the last time.`
        : 'What the model reads, piece by piece, with the number of each piece.',
    render: ({ tokens, reusedTokens }) => [h('ol', { class: 'tokens' }, ...tokens.map((token, index) => chip(token, index < reusedTokens)))],
  },
  {
    id: 'logits',
    label: 'Logits',
    caption: ({ logits }) =>
      logits.length > 0 ? 'What it wrote, token by token, and what else it thought of. The stronger the ink, the surer.' : 'It wrote nothing.',
    render: ({ logits }) => [answerText(logits), steps(logits)],
  },
  {
    id: 'raw',
    label: 'Raw',
    caption: ({ logits }) => `The answer as it came: ${logits.length} ${logits.length === 1 ? 'token' : 'tokens'}.`,
    render: ({ raw }) => [h('pre', { class: 'raw' }, ...whitespace(raw))],
  },
  {
    id: 'suggestion',
    label: 'Suggestion',
    caption: ({ raw, suggestion, confidence, sure }) => {
      if (suggestion === '') return 'Nothing was shown: nothing beats noise.';
      const shown =
        suggestion === raw ? 'Shown as it came.' : `${suggestion.length} of ${raw.length} characters were shown.`;
      if (confidence === undefined) return shown;
      const chance = `Right with a chance of ${Math.round(100 * confidence)} %`;
      return `${shown} ${chance}${sure ? '.' : ': so editors show it only when asked.'}`;
    },
    render: ({ raw, suggestion, rules }) => [
      h('pre', { class: 'suggestion' }, ...cuts(raw, suggestion)),
      h('ul', { class: 'rules', 'aria-label': 'Rules that cut' }, ...rules.map((rule) => h('li', {}, rule))),
    ],
  },
];

/** `field: kind start..end "text"`, in inks. */
function treeLine(line: string): (Node | string)[] {
  const [, indent = '', field = '', kind = '', range = '', text = ''] =
    /^( *)(\w+: )?((?:MISSING )?\S+)( \d+\.\.\d+)?( .*)?$/.exec(line) ?? [];
  if (!kind) return [`${line}\n`];
  return [indent, h('i', {}, field), h('b', {}, kind), h('small', {}, range), h('q', {}, text.replaceAll('\\"', '"')), '\n'];
}

/** Why a snippet was chosen, how relevant it is, and what room it got. */
function snippetRow({ path, reason, score, tokens }: TraceSnippet): HTMLLIElement {
  const bar = h('span', { class: 'bar', style: `--probability: ${score}`, title: `relevance ${score.toFixed(2)}` });
  return h('li', { class: tokens === null && 'left-out' }, h('b', {}, reason), h('code', {}, path), bar, h('small', {}, tokens === null ? 'no room' : `${tokens} tokens`));
}

function contextLine(line: string): (Node | string)[] {
  if (line.startsWith('== ')) return [h('b', {}, line.slice(3)), '\n'];
  return line.startsWith('┄') ? [h('i', {}, line), '\n'] : [`${line}\n`];
}

/** Splitting at special tokens leaves them at the odd places. */
function promptPart(text: string, index: number): Node | string {
  return index % 2 === 1 ? h('mark', {}, text) : text;
}

function whitespace(text: string): (Node | string)[] {
  return text.split(/( +|\t|\n)/).flatMap((part, index) => {
    if (index % 2 === 0) return [part];
    const shown = h('span', { class: 'blank', 'aria-hidden': 'true' }, visible(part));
    return part === '\n' ? [shown, '\n'] : [shown];
  });
}

/** The raw text with what refinement took struck out; both, where it rewrote more than the ends. */
function cuts(raw: string, suggestion: string): Node[] {
  const at = raw.indexOf(suggestion);
  if (suggestion === '' || at < 0) return [h('ins', {}, suggestion), h('del', {}, raw)];
  const [head, tail] = [raw.slice(0, at), raw.slice(at + suggestion.length)];
  return [h('del', {}, head), h('ins', {}, suggestion), h('del', {}, tail)];
}
