import { byId, h } from './dom';

/** Something the user can do about a notice. */
export interface Action {
  readonly label: string;
  run(): void;
}

/** Shows what went wrong and what to do, until it is closed or replaced by news about the same thing. */
export function notify(about: string, text: string, ...actions: Action[]): void {
  dismiss(about);
  if (isShown(text)) return;
  const notice = h('div', { class: 'notice', 'data-about': about }, h('p', {}, text));
  const close: Action = { label: 'Close', run: () => {} };
  for (const action of [...actions, close]) {
    const button = h('button', { type: 'button' }, action.label);
    button.addEventListener('click', () => {
      notice.remove();
      action.run();
    });
    notice.append(button);
  }
  byId('notices', HTMLElement).append(notice);
}

/** Takes a notice away whose cause is gone. */
export function dismiss(about: string): void {
  for (const notice of byId('notices', HTMLElement).querySelectorAll<HTMLElement>('.notice')) {
    if (notice.dataset.about === about) notice.remove();
  }
}

/** The server may say by a message what it has said by its status. */
function isShown(text: string): boolean {
  return [...document.querySelectorAll('.notice p')].some((notice) => notice.textContent === text);
}
