import type { ErrorNow } from '../../server/pages/contract.js';
import { h, put, Rows, text } from '../shared/dom.js';
import { count, cut, relative, time } from '../shared/format.js';

const MAX_SHOWN = 50;

/** Kinds of errors, the latest first. Each opens to its place in the source. */
export class ErrorList {
  readonly element: HTMLElement;
  readonly #kinds = new Map<number, ErrorNow>();
  readonly #list = h('div', { class: 'error-list' });
  readonly #empty = h('p', { class: 'quiet' }, 'No handler had an error since the server started.');
  readonly #rows: Rows<ErrorNow>;

  constructor() {
    this.element = h('div', {}, this.#empty, this.#list);
    this.#rows = new Rows(this.#list, ({ id }) => String(id), makeRow);
  }

  take(errors: readonly ErrorNow[]): void {
    for (const error of errors) this.#kinds.set(error.id, error);
    const latest = [...this.#kinds.values()].sort((a, b) => b.lastAt - a.lastAt || b.id - a.id);
    for (const { id } of latest.splice(MAX_SHOWN)) this.#kinds.delete(id);
    this.#empty.hidden = latest.length > 0;
    // The order is left as it is while one of them is read: what moves away under the eyes cannot be read.
    const isRead = this.#list.querySelector('details[open]') !== null || this.#list.contains(document.activeElement);
    this.#rows.show(isRead ? this.#inPlace(latest) : latest);
  }

  #inPlace(latest: readonly ErrorNow[]): ErrorNow[] {
    const order = [...this.#list.children].map((element) => Number((element as HTMLElement).dataset['id']));
    const known = order.flatMap((id) => this.#kinds.get(id) ?? []);
    return [...latest.filter(({ id }) => !order.includes(id)), ...known];
  }
}

function makeRow(first: ErrorNow) {
  const times = h('span', { class: 'times number' });
  const when = h('span', { class: 'when quiet number' });
  const facts = h('p', { class: 'quiet facts' });
  const { id, code, message, handler, tenant, snippet } = first;
  const place = placeOf(first);
  const element = h(
    'details',
    { data: { id: String(id) } },
    h(
      'summary',
      {},
      h('span', { class: 'tag bad' }, code),
      h('span', { class: 'what cut' }, h('span', { class: 'who' }, handler ?? 'no name'), ' ', cut(message, 300)),
      tenant === undefined ? undefined : h('span', { class: 'tag' }, cut(tenant, 24)),
      times,
      when,
    ),
    h(
      'div',
      { class: 'detail' },
      h('p', { class: 'message' }, message),
      snippet === undefined ? undefined : h('pre', { tabindex: '0', 'aria-label': 'Place in the source' }, snippet),
      facts,
    ),
  );
  const update = ({ count: happened, firstAt, lastAt }: ErrorNow) => {
    text(times, `${count(happened)}×`);
    text(when, relative(lastAt));
    const whose = tenant === undefined ? '' : ` · tenant ${tenant}`;
    text(facts, `${place}${whose} · ${happened === 1 ? 'at' : `first at ${time(firstAt)}, last at`} ${time(lastAt)}`);
  };
  return { element, update };
}

function placeOf({ file, line, column }: ErrorNow): string {
  if (line === undefined) return 'no place in the source';
  return `${file === undefined ? '' : `${file}, `}line ${line}, column ${column ?? 1}`;
}

/** Counts by name, the most first. */
export function showCounts(list: HTMLElement, counts: Readonly<Record<string, number>>, empty: string): void {
  const entries = Object.entries(counts)
    .filter(([, number]) => number > 0)
    .sort((a, b) => b[1] - a[1]);
  const version = JSON.stringify(entries);
  if (list.dataset['version'] === version) return;
  list.dataset['version'] = version;
  if (entries.length === 0) put(list, h('div', { class: 'quiet' }, h('dt', {}, empty), h('dd', {}, '0')));
  else
    put(
      list,
      ...entries.map(([name, number]) => h('div', {}, h('dt', {}, name), h('dd', { class: 'number' }, count(number)))),
    );
}
