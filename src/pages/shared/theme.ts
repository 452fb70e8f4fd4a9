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

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
