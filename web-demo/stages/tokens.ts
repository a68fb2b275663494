import { h } from '../src/dom';
import type { TraceToken } from '../src/protocol.gen';

/** Text in which blanks can be seen. */
export function visible(text: string): string {
  return text.replaceAll(' ', '·').replaceAll('\t', '⇥').replaceAll('\r', '␍').replaceAll('\n', '⏎');
}

/** A token of the prompt with its number; a line of the prompt ends where a token ends it. */
export function chip({ id, text, special }: TraceToken, reused: boolean): HTMLLIElement {
  const kind = special ? 'special' : reused ? 'reused' : 'fresh';
  return h(
    'li',
    { class: kind, title: `${kind} token ${id}: ${JSON.stringify(text)}`, 'data-ends-line': text.endsWith('\n') },
    h('span', {}, visible(text) || '∅'),
    h('small', {}, String(id)),
  );
}
