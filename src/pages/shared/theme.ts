export const THEMES = ['system', 'light', 'dark'] as const;
/** `system`: as the browser says. */
export type Theme = (typeof THEMES)[number];

const KEY = 'nexus-theme';

/** Private windows and strict settings may have no storage. */
export function chosenTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === kept) ?? 'system';
  } catch {
    return 'system';
  }
}

export function chooseTheme(theme: Theme): void {
  applyTheme(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It lasts as long as the page.
  }
}

const DARK = '(prefers-color-scheme: dark)';

export function applyTheme(theme: Theme): void {
  const ofBrowser = matchMedia(DARK).matches ? 'dark' : 'light';
  const { dataset } = document.documentElement;
  dataset['theme'] = theme === 'system' ? ofBrowser : theme;
  dataset['chosen'] = theme;
}

/** Applies what is chosen. `system` is applied again when the browser changes between light and dark. */
export function followTheme(): void {
  applyTheme(chosenTheme());
  matchMedia(DARK).addEventListener('change', () => {
    if (document.documentElement.dataset['chosen'] === 'system') applyTheme('system');
  });
}
