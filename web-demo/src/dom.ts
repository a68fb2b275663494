type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Makes an element. Strings become text nodes, so nothing out of a file or a model is ever parsed
 * as HTML; `true` sets an empty attribute, `false` and `undefined` leave it away.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return element;
}

/** Says something to screen readers once they are idle. */
export function announce(text: string): void {
  byId('announcer', HTMLElement).textContent = text;
}

/** Remembers a choice for the next visit, where the browser allows it. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`inkling.${key}`, value);
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
}

/** A choice of an earlier visit. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`inkling.${key}`);
  } catch {
    return null;
  }
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
