import { h, text } from '../shared/dom.js';
import { relative, time } from '../shared/format.js';
import { Poll } from '../shared/poll.js';
import type { Shell } from '../shared/shell.js';
import { Table } from '../shared/table.js';
import { type Filter, type ListedRun, listRuns, type RunPage } from './api.js';

const PAGE_ROWS = 50;
const EVERY_MS = 5_000;
const STATES = [
  ['', 'any'],
  ['waiting', 'waiting'],
  ['ended', 'ended'],
  ['damaged', 'damaged'],
] as const;

/** The list of runs, a page of the store at a time. */
export function showList({ main, session, setLive, notify }: Shell): void {
  const query = new URLSearchParams(location.search);
  const state = h(
    'select',
    { id: 'state', name: 'state' },
    ...STATES.map(([value, title]) => h('option', { value, selected: query.get('state') === value }, title)),
  );
  const handler = field('handlerName', query.get('handlerName') ?? '', 'any');
  const tenant = field('tenant', query.get('tenant') ?? '', 'any');
  const run = field('run', '', 'an id');
  const places: (string | undefined)[] = [query.get('after') ?? undefined];
  let page: RunPage = { runs: [], isCut: false };

  const filter = (): Filter => ({ state: state.value, handlerName: handler.value.trim(), tenant: tenant.value.trim() });
  const table = new Table<ListedRun>({
    caption: 'Runs',
    empty: 'There are no such runs.',
    keyOf: ({ suspensionId, runId }) => runId ?? suspensionId,
    versionOf: ({ runId, state: present, outcome }) => `${runId} ${present} ${outcome}`,
    columns: [
      { title: 'Run', class: 'run', element: runLink },
      { title: 'State', element: (summary) => stateTag(summary) },
      { title: 'Handler', isCut: true, class: 'wide', text: ({ handlerName = '' }) => handlerName },
      { title: 'Tenant', isCut: true, class: 'wide', text: (summary) => summary.tenant ?? '' },
      {
        title: 'Kept until',
        isNumber: true,
        text: ({ expiresAt }) => (expiresAt === undefined ? '' : relative(expiresAt)),
      },
    ],
  });
  const note = h('span', {});
  const previous = h('button', { type: 'button', class: 'second', on: { click: () => turn(-1) } }, 'Previous');
  const next = h('button', { type: 'button', class: 'second', on: { click: () => turn(1) } }, 'Next');

  const draw = () => {
    table.show(page.runs);
    previous.disabled = places.length === 1;
    next.disabled = !page.isCut;
    const where = places.length === 1 ? '' : `page ${places.length} · `;
    text(note, `${where}${page.runs.length} runs, in the order of the store · ${time(Date.now())}`);
  };
  const turn = (by: number) => {
    if (by > 0) places.push(page.next);
    else places.pop();
    poll.now();
  };
  const search = () => {
    places.splice(0, places.length, undefined);
    const given = new URLSearchParams(Object.entries(filter()).filter(([, value]) => value !== ''));
    history.replaceState(null, '', given.size === 0 ? 'runs' : `runs?${given}`);
    poll.now();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const id = run.value.trim();
    if (id !== '') location.href = hrefOf(id);
    else search();
  };

  main.append(
    h(
      'form',
      { class: 'card filters', role: 'search', on: { submit, change: search } },
      labelled('State', state),
      labelled('Handler', handler),
      session.tenant === undefined ? labelled('Tenant', tenant) : undefined,
      labelled('Open run', run),
      h('button', { type: 'submit' }, 'Show'),
    ),
    h(
      'section',
      { class: 'card', 'aria-label': 'Runs' },
      table.element,
      h('div', { class: 'pager' }, previous, next, note),
    ),
  );
  const poll = new Poll(
    EVERY_MS,
    async (signal) => {
      page = await listRuns(filter(), places.at(-1), PAGE_ROWS, signal);
      draw();
      return true;
    },
    (live, refusal) => {
      setLive(live);
      if (live === 'refused' && refusal !== undefined) notify(refusal.message);
    },
  );
}

export function stateTag({ state, outcome }: Pick<ListedRun, 'state' | 'outcome'>): HTMLElement {
  const tone =
    outcome === 'completed'
      ? 'good'
      : outcome === 'failed' || state === 'damaged'
        ? 'bad'
        : state === 'waiting'
          ? 'accent'
          : '';
  return h('span', { class: `tag ${tone}` }, outcome ?? state);
}

export function hrefOf(runId: string): string {
  return `runs?run=${encodeURIComponent(runId)}`;
}

function runLink({ runId, suspensionId }: ListedRun): HTMLElement {
  if (runId === undefined) return h('span', { class: 'mono quiet' }, suspensionId);
  return h('a', { class: 'mono', href: hrefOf(runId) }, runId);
}

function field(name: string, value: string, placeholder: string): HTMLInputElement {
  return h('input', { id: name, name, value, placeholder, autocomplete: 'off', spellcheck: 'false', maxlength: '200' });
}

function labelled(label: string, control: HTMLElement): HTMLElement {
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control);
}
