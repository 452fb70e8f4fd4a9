import type { AnswerView, EndView, StepView } from '../../playground/contract.js';
import { h, put, text } from '../shared/dom.js';
import { duration } from '../shared/format.js';
import type { Trace } from './trace.js';

export interface TimelineOptions {
  readonly onSelect: (index: number) => void;
}

const SOURCES: Readonly<Record<AnswerView['source'], string>> = {
  extension: '',
  recorded: 'recorded',
  given: 'typed in',
  runtime: 'runtime',
};

/** The segments of a run and the awaits between them, and how long each took. */
export class StepTimeline {
  readonly element: HTMLElement;
  readonly #list = h('ol', { class: 'steps', 'aria-label': 'Steps of the run' });
  readonly #summary = h('span', { class: 'quiet', role: 'status' });
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #onSelect: (index: number) => void;
  #selected = -1;
  #count = 0;

  constructor({ onSelect }: TimelineOptions) {
    this.#onSelect = onSelect;
    const step = (label: string, sign: string, to: () => number) =>
      h(
        'button',
        {
          class: 'second icon',
          type: 'button',
          'aria-label': label,
          title: label,
          on: { click: () => this.#go(to()) },
        },
        sign,
      );
    this.#buttons = [
      step('First step', '⇤', () => 0),
      step('Step back', '←', () => this.#selected - 1),
      step('Step forward', '→', () => this.#selected + 1),
      step('Last step', '⇥', () => this.#count - 1),
    ];
    this.#list.addEventListener('keydown', (event) => this.#onKey(event));
    this.element = h(
      'section',
      { class: 'card timeline', 'aria-labelledby': 'timeline-title' },
      h(
        'header',
        {},
        h('h2', { id: 'timeline-title' }, 'Timeline'),
        this.#summary,
        h('span', { class: 'gap' }),
        h('span', { class: 'buttons', role: 'group', 'aria-label': 'Time travel' }, ...this.#buttons),
      ),
      this.#list,
    );
  }

  /** @param delta steps forward, or back */
  move(delta: number): void {
    this.#go(this.#selected + delta);
  }

  show(trace: Trace | undefined, selected: number): void {
    const { steps = [], end, isRunning = false, refused } = trace ?? {};
    this.#selected = selected;
    this.#count = steps.length;
    const hasFocus = this.#list.contains(document.activeElement);
    const scale = Math.max(1, ...steps.map(({ atMs }) => atMs));
    const rows = steps.map((step, i) => this.#row(step, scale, i === selected));
    put(this.#list, ...rows, ...(end === undefined ? [] : [endRow(end, steps.at(-1))]));
    if (hasFocus) this.#list.querySelectorAll<HTMLButtonElement>('button.step')[selected]?.focus();
    const [first, back, forward, last] = this.#buttons;
    for (const button of [first, back]) if (button) button.disabled = selected <= 0;
    for (const button of [forward, last]) if (button) button.disabled = selected >= steps.length - 1;
    text(this.#summary, refused ?? summaryOf(end, steps.length, isRunning));
    this.#summary.classList.toggle('problem', refused !== undefined);
  }

  #go(index: number): void {
    const to = Math.max(0, Math.min(this.#count - 1, index));
    if (to !== this.#selected && this.#count > 0) this.#onSelect(to);
  }

  #onKey(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    const delta = moves[event.key];
    if (delta === undefined && event.key !== 'Home' && event.key !== 'End') return;
    event.preventDefault();
    this.#go(delta === undefined ? (event.key === 'Home' ? 0 : this.#count - 1) : this.#selected + delta);
  }

  #row(step: StepView, scale: number, isSelected: boolean): HTMLElement {
    const { index, answers, durationUs, isRepeated } = step;
    const effects = effectsOf(step);
    const lines = index === 0 ? [h('span', { class: 'what' }, 'Start')] : answers.map(answerLine);
    const button = h(
      'button',
      {
        class: `step${isRepeated ? ' repeated' : ''}`,
        type: 'button',
        tabindex: isSelected ? 0 : -1,
        ...(isSelected && { 'aria-current': 'step' }),
        on: { click: () => this.#onSelect(index) },
      },
      h('span', { class: 'dot', 'aria-hidden': 'true' }),
      h(
        'span',
        { class: 'lines' },
        ...(lines.length === 0 ? [h('span', { class: 'what' }, 'goes on')] : lines),
        h('span', { class: 'quiet small' }, [`ran ${duration(durationUs / 1000)}`, ...effects].join(' · ')),
      ),
    );
    return h('li', {}, button, track(step, scale));
  }
}

/** When calls were waited for, on one scale. */
function track({ answers, atMs, index }: StepView, scale: number): HTMLElement {
  const element = h('span', { class: 'track', 'aria-hidden': 'true' });
  const place = (from: number, to: number, kind: string) => {
    const bar = h('span', { class: `bar ${kind}` });
    bar.style.left = `${(100 * from) / scale}%`;
    bar.style.width = `${Math.max(0.5, (100 * (to - from)) / scale)}%`;
    element.append(bar);
  };
  for (const { fromMs, toMs, success } of answers.slice(0, 8))
    if (fromMs !== undefined && toMs !== undefined) place(fromMs, toMs, success ? 'call' : 'call failed');
  if (index > 0) place(atMs, atMs, 'tick');
  return element;
}

function answerLine({ call, success, text: answer, source, fromMs, toMs }: AnswerView): HTMLElement {
  const took = fromMs === undefined || toMs === undefined ? '' : duration(toMs - fromMs);
  return h(
    'span',
    { class: 'answer' },
    h('code', { class: 'call' }, source === 'runtime' ? call : `await ${call}`),
    h('code', { class: success ? 'value' : 'value problem' }, `${success ? '→' : '✗'} ${answer}`),
    took !== '' && h('span', { class: 'quiet small' }, took),
    SOURCES[source] !== '' && h('span', { class: 'tag' }, SOURCES[source]),
  );
}

function endRow(end: EndView, last: StepView | undefined): HTMLElement {
  const { status, error, returned = '' } = end;
  const waits = [
    ...(last?.waitingFor.map(({ call }) => call) ?? []),
    ...(last?.wakeAtMs === undefined ? [] : ['a timer']),
  ];
  const what =
    status === 'success'
      ? [
          h('span', { class: 'tag good' }, 'returned'),
          h('code', { class: 'value' }, returned.replaceAll(/\s+/g, ' ').slice(0, 300)),
        ]
      : status === 'error'
        ? [
            h('span', { class: 'tag bad' }, error?.code ?? 'error'),
            h('span', { class: 'value' }, error?.message.slice(0, 300) ?? ''),
          ]
        : [
            h('span', { class: 'tag warn' }, 'waits for'),
            h('code', { class: 'value' }, waits.join(', ').slice(0, 300)),
          ];
  return h(
    'li',
    { class: 'end' },
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    h('span', { class: 'answer' }, ...what),
  );
}

function effectsOf({ changes, events, views, logs, omitted }: StepView): string[] {
  const some = (count: number, one: string) => (count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`]);
  return [
    ...some(changes.length, 'change'),
    ...some(events.length, 'event'),
    ...some(views.length, 'view command'),
    ...some(logs.length, 'log line'),
    ...(omitted > 0 ? [`${omitted} more`] : []),
  ];
}

function summaryOf(end: EndView | undefined, steps: number, isRunning: boolean): string {
  if (isRunning) return 'Running…';
  if (end === undefined) return steps === 0 ? 'Nothing was run yet.' : 'Stopped.';
  const parts = [`${duration(end.durationUs / 1000)} in the VM`];
  if (end.compiledUs !== undefined) parts.push(`compiled in ${duration(end.compiledUs / 1000)}`);
  return parts.join(' · ');
}
