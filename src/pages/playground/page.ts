import { keepToken } from '../shared/api.js';
import { h, put } from '../shared/dom.js';
import { openShell } from '../shared/shell.js';
// After the styles of the shell, so that it can say otherwise.
import './playground.css';

// The address that the terminal printed has the token behind the #, where no server sees it.
const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
if (token !== undefined) {
  keepToken(token);
  history.replaceState(undefined, '', location.pathname);
}

const shell = await openShell('playground', 'execute');
shell.main.classList.add('playground');
put(shell.main, h('h1', { class: 'hidden' }, 'Playground'), h('p', { class: 'quiet' }, 'Loading the editor…'));
// Most of this page is the editor: what is around it is there before.
const { openPlayground } = await import('./workspace.js');
await openPlayground(shell);
