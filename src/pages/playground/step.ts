import type { GivenAnswer, StepView, WaitingView } from '../../playground/contract.js';
import { h, put } from '../shared/dom.js';
import { time } from '../shared/format.js';

/** Characters that surely fit. */
const SCROLLED = 100;

export interface StepOptions {
  readonly onAnswer: (answers: readonly GivenAnswer[]) => void;
}

/** What is true at one step: the state and what changed in it, effects, log lines, and what is waited for. */
export class StepPanel {
  readonly element: HTMLElement;
  readonly #body = h('div', { class: 'step-body' });
  readonly #onAnswer: StepOptions['onAnswer'];
  #isOpen = false;

  constructor({ onAnswer }: StepOptions) {
    this.#onAnswer = onAnswer;
    this.element = h('section', { class: 'card step-panel', 'aria-labelledby': 'step-title' }, this.#body);
    this.show(undefined, false);
  }

  /** @param canAnswer whether it is the last step, and the run waits */
  show(step: StepView | undefined, canAnswer: boolean): void {
    if (step === undefined) {
      put(
        this.#body,
        h('header', {}, h('h2', { id: 'step-title' }, 'Step')),
        h('p', { class: 'quiet' }, 'Run the handler, then step over its awaits: what it changed is shown at each.'),
      );
      return;
    }
    const { index, nowMs, waitingFor } = step;
    const title = index === 0 ? 'At the start' : `After await ${index}`;
    put(
      this.#body,
      h(
        'header',
        {},
        h('h2', { id: 'step-title' }, title),
        h('span', { class: 'quiet' }, `the handler's clock says ${time(nowMs)}`),
      ),
      waitingFor.length > 0 && canAnswer ? this.#answerForm(waitingFor) : undefined,
      this.#state(step),
      ...effects(step),
      ...log(step),
    );
  }

  #state({ changes, state, omitted }: StepView): HTMLElement {
    const rows = changes.map(({ path, before, after }) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, h('code', {}, path)),
        h('td', {}, before === undefined ? h('span', { class: 'quiet' }, 'absent') : long(before, 'before')),
        h('td', {}, after === undefined ? h('span', { class: 'quiet' }, 'deleted') : long(after, 'after')),
      ),
    );
    const head = h('tr', {}, ...['Key', 'Before', 'After'].map((name) => h('th', { scope: 'col' }, name)));
    const whole = h(
      'details',
      { class: 'whole' },
      h('summary', {}, 'The whole state'),
      h('pre', { tabindex: 0 }, state),
    );
    whole.open = this.#isOpen;
    whole.addEventListener('toggle', () => {
      this.#isOpen = whole.open;
    });
    return h(
      'div',
      { class: 'part' },
      h('h3', {}, 'State'),
      rows.length === 0
        ? h('p', { class: 'quiet' }, 'Unchanged in this step.')
        : h(
            'div',
            { class: 'scroll' },
            h(
              'table',
              { class: 'changes' },
              h('caption', {}, 'Changes of the state in this step'),
              h('thead', {}, head),
              h('tbody', {}, ...rows),
            ),
          ),
      omitted > 0 && h('p', { class: 'quiet' }, `${omitted} more effects are left out.`),
      whole,
    );
  }

  #answerForm(waiting: readonly WaitingView[]): HTMLElement {
    const fields = waiting.slice(0, 20).map((call, i) => {
      const input = h('textarea', { id: `answer-${i}`, rows: 2, spellcheck: 'false', placeholder: '{ "id": 1 }' });
      const kind = h(
        'select',
        { 'aria-label': `How ${call.call.slice(0, 80)} ends` },
        h('option', { value: 'value' }, 'answers with JSON'),
        h('option', { value: 'error' }, 'fails with the message'),
      );
      const row = h(
        'div',
        { class: 'answer-field' },
        h('label', { for: `answer-${i}` }, h('code', {}, call.call)),
        kind,
        input,
      );
      return { call, input, kind, row };
    });
    const submit = (event: Event) => {
      event.preventDefault();
      const { submitter } = event as SubmitEvent;
      const index = Number(submitter?.dataset['index'] ?? 0);
      const { call, input, kind } = fields[index] ?? {};
      if (call === undefined || input === undefined || kind === undefined) return;
      this.#onAnswer([{ callId: call.callId, success: kind.value === 'value', text: input.value }]);
    };
    fields.forEach(({ row }, i) => {
      row.append(h('button', { type: 'submit', data: { index: String(i) } }, 'Answer'));
    });
    return h(
      'form',
      { class: 'part answers', on: { submit } },
      h('h3', {}, 'It waits for an answer'),
      h('p', { class: 'quiet small' }, 'No extension answers it here. Say what it gets, and the handler goes on.'),
      ...fields.map(({ row }) => row),
    );
  }
}

function effects({ events, views }: StepView): HTMLElement[] {
  if (events.length + views.length === 0) return [];
  const line = (kind: string, { name, text }: { readonly name: string; readonly text: string }) =>
    h(
      'li',
      {},
      h('span', { class: 'tag' }, kind),
      ' ',
      h('code', { class: 'name' }, name),
      ' ',
      h('code', { class: 'quiet' }, text),
    );
  const items = [...events.map((event) => line('event', event)), ...views.map((view) => line('view', view))];
  return [h('div', { class: 'part' }, h('h3', {}, 'Effects'), list(items))];
}

/** A text that may be long: then it scrolls by itself, for which it needs the focus. */
function long(text: string, kind: string): HTMLElement {
  return h('code', { class: kind, tabindex: text.length > SCROLLED ? 0 : undefined }, text);
}

function list(items: readonly HTMLElement[], kind = ''): HTMLElement {
  return h('ul', { class: `plain-list ${kind}`, tabindex: 0, role: 'list' }, ...items);
}

const LEVELS: Readonly<Record<string, string>> = {
  debug: 'tag',
  info: 'tag accent',
  warn: 'tag warn',
  error: 'tag bad',
};

function log({ logs }: StepView): HTMLElement[] {
  if (logs.length === 0) return [];
  const items = logs.map(({ level, text }) =>
    h('li', {}, h('span', { class: LEVELS[level] ?? 'tag' }, level), ' ', long(text, 'log-text')),
  );
  return [h('div', { class: 'part' }, h('h3', {}, 'Log'), list(items, 'log'))];
}
