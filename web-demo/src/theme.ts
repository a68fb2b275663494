import { byId, recall, remember } from './dom';

type Theme = 'light' | 'dark';

const DARK = matchMedia('(prefers-color-scheme: dark)');

/** Applies the chosen theme, or the system's, now and whenever either changes. */
export function watchTheme(changed: (theme: Theme) => void): void {
  const button = byId('theme', HTMLButtonElement);
  const apply = () => {
    const theme = current();
    document.documentElement.dataset.theme = theme;
    button.setAttribute('aria-pressed', String(theme === 'dark'));
    changed(theme);
  };
  button.addEventListener('click', () => {
    remember('theme', current() === 'dark' ? 'light' : 'dark');
    apply();
  });
  DARK.addEventListener('change', apply);
  apply();
}

function current(): Theme {
  const chosen = recall('theme');
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return DARK.matches ? 'dark' : 'light';
}
