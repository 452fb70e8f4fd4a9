import './style.css';

import type { Session } from '../../server/pages/contract.js';
import { ask, keepToken, keptToken, RequestRefusal } from './api.js';
import { h, put, text } from './dom.js';
import type { LiveState } from './events.js';
import { chooseTheme, chosenTheme, THEMES } from './theme.js';

/** Pages in the order of the navigation, by the names of their folders. */
const PAGES: readonly (readonly [name: string, title: string])[] = [
  ['status', 'Status'],
  ['runs', 'Runs'],
  ['playground', 'Playground'],
];
const STATES: Readonly<Record<LiveState, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  paused: 'Paused',
  lost: 'No connection',
  refused: 'Refused',
};

/** What is around each page. */
export interface Shell {
  readonly session: Session;
  /** Where the page is. */
  readonly main: HTMLElement;
  /** Shows whether the page is up to date. */
  setLive(state: LiveState): void;
  /** For what went wrong beside the page. It goes when it is dismissed, or after some seconds. */
  notify(message: string, kind?: 'error' | 'done'): void;
}

/**
 * Opens a page: asks for a token if the server wants one, and shows the navigation.
 *
 * @param name of the folder of the page
 * @param scope without which the page shows why it is empty
 */
export async function openShell(name: string, scope: 'execute' | 'admin'): Promise<Shell> {
  const header = document.querySelector('header.top') ?? document.body.appendChild(h('header', { class: 'top' }));
  const main = document.querySelector<HTMLElement>('main') ?? document.body.appendChild(h('main', { id: 'main' }));
  const title = PAGES.find(([page]) => page === name)?.[1] ?? name;
  const notices = document.body.appendChild(h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' }));
  const state = h('span', { class: 'live', 'aria-live': 'off' });
  document.body.prepend(h('a', { class: 'skip', href: '#main' }, 'Skip to content'));
  main.tabIndex = -1;
  drawHeader(header, name, PAGES.slice(0, 2), state);
  const session = await enter(main, title, scope);
  const pages = PAGES.filter(([page]) => session.pages.includes(page));
  drawHeader(header, name, pages, state, session);
  const wasInForm = main.contains(document.activeElement);
  put(main, h('h1', {}, title));
  // The form is gone; who was in it goes on where it was.
  if (wasInForm) main.focus({ preventScroll: true });
  return {
    session,
    main,
    setLive(live) {
      state.dataset['state'] = live;
      text(state, STATES[live]);
    },
    notify(message, kind = 'error') {
      const close = () => notice.remove();
      const notice = h(
        'div',
        { class: `notice ${kind}` },
        h('span', {}, message),
        h('button', { class: 'plain', type: 'button', 'aria-label': 'Dismiss', on: { click: close } }, '×'),
      );
      notices.append(notice);
      while (notices.childElementCount > 4) notices.firstElementChild?.remove();
      window.setTimeout(close, kind === 'error' ? 12_000 : 5_000);
    },
  };
}

function drawHeader(
  header: Element,
  current: string,
  pages: typeof PAGES,
  state: HTMLElement,
  session?: Session,
): void {
  const links = pages.map(([page, title]) =>
    h('a', { href: page, ...(page === current && { 'aria-current': 'page' }) }, title),
  );
  const leave = () => {
    keepToken(undefined);
    location.reload();
  };
  const account =
    session?.name === undefined
      ? undefined
      : h(
          'button',
          { class: 'plain account', type: 'button', title: 'Forget the token', on: { click: leave } },
          h('span', { class: 'cut' }, session.name),
          ' · sign out',
        );
  put(
    header,
    h('span', { class: 'brand' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), 'Nexus'),
    h('nav', { 'aria-label': 'Pages' }, ...links),
    h('span', { class: 'gap' }),
    state,
    account,
    themeButton(),
  );
}

function themeButton(): HTMLElement {
  const button = h('button', { class: 'plain theme', type: 'button' });
  const show = () => {
    const theme = chosenTheme();
    button.dataset['theme'] = theme;
    button.title = `Colours: ${theme}`;
    button.setAttribute('aria-label', `Colours: ${theme}. Change`);
  };
  button.addEventListener('click', () => {
    chooseTheme(THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length] ?? 'system');
    show();
  });
  show();
  return button;
}

/** Resolves when there is a session with the scope. */
async function enter(main: HTMLElement, title: string, scope: 'execute' | 'admin'): Promise<Session> {
  let refusal: RequestRefusal | undefined;
  for (;;) {
    try {
      const session = await ask<Session>('ui/session');
      if (session.scopes.includes(scope)) return session;
      const who = session.name === undefined ? 'You do' : `The token ${session.name} does`;
      refusal = new RequestRefusal(403, 'FORBIDDEN', `${who} not have the scope ${scope}, which this page needs.`);
    } catch (error) {
      if (!(error instanceof RequestRefusal)) throw error;
      refusal = error.status === 401 && keptToken() === undefined ? undefined : error;
    }
    await askForToken(main, title, refusal);
  }
}

/** Shows the form. Resolves when there is another token, or another attempt is wanted. */
function askForToken(main: HTMLElement, title: string, refusal: RequestRefusal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const canEnter = refusal === undefined || refusal.status === 401 || refusal.status === 403;
    const input = h('input', {
      id: 'token',
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      required: true,
      'aria-describedby': 'token-help',
    });
    const submit = (event: Event) => {
      event.preventDefault();
      if (canEnter) keepToken(input.value.trim());
      resolve();
    };
    const message = refusal && h('p', { class: 'problem', role: 'alert' }, refusal.message);
    const form = canEnter
      ? h(
          'form',
          { class: 'card login', on: { submit } },
          h('label', { for: 'token' }, 'Token'),
          input,
          message,
          h('p', { class: 'quiet', id: 'token-help' }, 'It is kept in this tab until the tab is closed.'),
          h('button', { type: 'submit' }, 'Sign in'),
        )
      : h('form', { class: 'card login', on: { submit } }, message, h('button', { type: 'submit' }, 'Try again'));
    put(main, h('h1', {}, title), form);
    if (canEnter) input.focus();
  });
}
