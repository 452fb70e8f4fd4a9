import { type Child, h, Rows } from '../shared/dom.js';
import { cut, duration, relative, time } from '../shared/format.js';
import type { CallEntry, HistoryEntry, MessageEntry, SegmentEntry, ShownHistory } from './api.js';

/** Between two entries, a longer wait is said. */
const SAID_GAP_MS = 1_000;
const MESSAGES: Readonly<Record<MessageEntry['kind'], string>> = {
  answer: 'Answered from outside',
  signal: 'Signal',
  cancel: 'Cancelled from outside',
  retry: 'Tried again from outside',
};

interface Shown {
  readonly key: string;
  readonly entry: HistoryEntry;
  readonly gapMs: number;
}

/** What happened to a run, one entry after the other. */
export class RunTimeline {
  readonly element: HTMLElement;
  readonly #list = h('ol', { class: 'timeline' });
  readonly #note = h('p', { class: 'quiet' });
  readonly #rows: Rows<Shown>;

  constructor() {
    this.element = h('div', {}, this.#note, this.#list);
    this.#rows = new Rows(
      this.#list,
      ({ key }) => key,
      (shown) => ({ element: drawEntry(shown) }),
    );
  }

  show({ entries, omitted }: ShownHistory): void {
    const sorted = [...entries].sort(
      (a, b) => endOf(a) - endOf(b) || new Date(a.at).getTime() - new Date(b.at).getTime(),
    );
    let until = Number.NaN;
    const shown = sorted.map((entry, index) => {
      const gapMs = new Date(entry.at).getTime() - until;
      until = Math.max(
        Number.isNaN(until) ? 0 : until,
        endOf(entry) === Number.POSITIVE_INFINITY ? new Date(entry.at).getTime() : endOf(entry),
      );
      // Entries do not change but for calls that end, and their place before the first.
      const version = entry.kind === 'call' ? `${entry.outcome} ${entry.retries}` : '';
      return {
        key: `${omitted + index} ${entry.kind} ${entry.at} ${version}`,
        entry,
        gapMs: Number.isNaN(gapMs) ? 0 : gapMs,
      };
    });
    this.#rows.show(shown);
    this.#note.hidden = entries.length > 0 && omitted === 0;
    this.#note.textContent =
      entries.length === 0
        ? 'This server has not worked on the run since it started, so it has seen nothing of it.'
        : `${omitted} earlier entries are no longer kept.`;
  }
}

function endOf(entry: HistoryEntry): number {
  const at = new Date(entry.at).getTime();
  if (entry.kind === 'segment') return at + entry.durationMs;
  if (entry.kind !== 'call') return at;
  return entry.durationMs === undefined ? Number.POSITIVE_INFINITY : at + entry.durationMs;
}

function drawEntry({ entry, gapMs }: Shown): HTMLElement {
  const gap = gapMs >= SAID_GAP_MS ? h('div', { class: 'waited quiet' }, `${duration(gapMs)} later`) : undefined;
  const tone = toneOf(entry);
  return h(
    'li',
    { class: `entry ${entry.kind} ${tone}` },
    gap,
    ...(entry.kind === 'segment' ? segment(entry) : entry.kind === 'call' ? call(entry) : message(entry)),
  );
}

function toneOf(entry: HistoryEntry): string {
  if (entry.kind === 'segment')
    return entry.status === 'error' ? 'bad' : entry.status === 'success' ? 'good' : 'accent';
  if (entry.kind === 'call') return entry.outcome === 'error' ? 'bad' : '';
  return 'warn';
}

function head(at: string, title: Child, tag: HTMLElement | undefined, took: string): HTMLElement {
  return h(
    'div',
    { class: 'head' },
    h('span', { class: 'title' }, title),
    tag,
    h('span', { class: 'gap' }),
    h('span', { class: 'took number' }, took),
    h('time', { class: 'quiet number', datetime: at, title: at }, time(at)),
  );
}

function segment(entry: SegmentEntry): readonly Child[] {
  const { status, error, logs, omittedLogs, effects, waitsFor, wakeAt } = entry;
  const names = { success: 'ended', suspended: 'waits', error: error?.code ?? 'error' } as const;
  const counts = [
    [entry.mutations, 'state changes'],
    [entry.events, 'events'],
    [entry.viewCommands, 'view commands'],
  ] as const;
  const counted = counts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${number} ${number === 1 ? what.replace(/s$/, '') : what}`)
    .join(', ');
  const awaits = [...waitsFor, ...(wakeAt === undefined ? [] : [`a timer ${relative(wakeAt)}`])];
  const lines = logs.map(({ level, message: line }) =>
    h('div', { class: `log ${level}` }, h('span', { class: 'level' }, level), ' ', line),
  );
  return [
    head(
      entry.at,
      `Step ${entry.step}`,
      h('span', { class: `tag ${toneOf(entry)}` }, names[status]),
      duration(entry.durationMs),
    ),
    error && h('p', { class: 'problem' }, error.message),
    error?.snippet === undefined
      ? undefined
      : h('pre', { tabindex: '0', 'aria-label': 'Place in the source' }, error.snippet),
    lines.length === 0
      ? undefined
      : h(
          'div',
          { class: 'logs mono' },
          ...lines,
          omittedLogs > 0 && h('div', { class: 'quiet' }, `and ${omittedLogs} more lines`),
        ),
    effects === undefined ? undefined : folded(counted, effects),
    awaits.length === 0 ? undefined : h('p', { class: 'quiet awaits' }, `then waits for ${awaits.join(', ')}`),
  ];
}

function call(entry: CallEntry): readonly Child[] {
  const { name, callId, args, outcome, answer, durationMs, retries } = entry;
  const names = { success: undefined, error: 'error', later: 'answered later' } as const;
  const said = outcome === undefined ? 'under way' : names[outcome];
  const tag = said && h('span', { class: `tag ${outcome === 'error' ? 'bad' : ''}` }, said);
  const again = retries === 0 ? '' : `${retries + 1} attempts · `;
  return [
    head(
      entry.at,
      h('span', { class: 'mono' }, name, h('span', { class: 'quiet' }, ` ${callId}`)),
      tag,
      `${again}${durationMs === undefined ? '' : duration(durationMs)}`,
    ),
    value('arguments', args),
    answer === undefined ? undefined : value(outcome === 'error' ? 'error' : 'answer', answer),
  ];
}

function message(entry: MessageEntry): readonly Child[] {
  return [
    head(
      entry.at,
      h('span', {}, MESSAGES[entry.kind], entry.name !== undefined && h('span', { class: 'mono' }, ` ${entry.name}`)),
      undefined,
      '',
    ),
    entry.value === undefined ? undefined : value('value', entry.value),
  ];
}

/** A short value in a line, a longer one to be unfolded. */
function value(label: string, json: string): HTMLElement {
  if (json.length > 120) return folded(`${label}: ${cut(json, 80)}`, json);
  return h('div', { class: 'value mono' }, h('span', { class: 'quiet' }, `${label} `), json);
}

function folded(title: string, json: string): HTMLElement {
  return h(
    'details',
    { class: 'folded' },
    h('summary', { class: 'quiet' }, title),
    h('pre', { tabindex: '0', 'aria-label': cut(title, 60) }, pretty(json)),
  );
}

export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}
