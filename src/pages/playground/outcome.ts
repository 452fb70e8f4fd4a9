import type { CodePlace, EndView } from '../../playground/contract.js';
import { h, put } from '../shared/dom.js';
import { bytes, duration, whole } from '../shared/format.js';

export interface OutcomeOptions {
  readonly onGoTo: (place: CodePlace) => void;
}

/** How a run ended: its value, or its error with the place. */
export class OutcomePanel {
  readonly element = h('section', { class: 'card outcome', 'aria-labelledby': 'outcome-title', 'aria-live': 'polite' });
  readonly #onGoTo: OutcomeOptions['onGoTo'];

  constructor({ onGoTo }: OutcomeOptions) {
    this.#onGoTo = onGoTo;
  }

  show(end: EndView | undefined): void {
    this.element.hidden = end === undefined;
    if (end === undefined) {
      put(this.element);
      return;
    }
    const { durationUs, memoryBytes, instructions, notes } = end;
    const figures = `${duration(durationUs / 1000)} · ${bytes(memoryBytes)} · ${whole(instructions)} instructions`;
    put(
      this.element,
      h('header', {}, h('h2', { id: 'outcome-title' }, title(end)), h('span', { class: 'quiet' }, figures)),
      ...this.#content(end),
      ...notes.map((note) => h('p', { class: 'quiet small' }, note)),
    );
  }

  #content({ status, returned, error }: EndView): (HTMLElement | undefined)[] {
    if (status === 'success') return [h('pre', { class: 'returned', tabindex: 0 }, returned ?? 'undefined')];
    if (error === undefined)
      return [h('p', { class: 'quiet' }, 'It goes on when its calls are answered: at the last step.')];
    const { code, message, place, snippet, capability, remedy } = error;
    const at =
      place &&
      h(
        'button',
        { class: 'second', type: 'button', on: { click: () => this.#onGoTo(place) } },
        `Line ${place.line}, column ${place.column}`,
      );
    const hint =
      capability === undefined ? remedy : `It was denied ${capability}. Grant it in the list of capabilities.`;
    return [
      h('p', { class: 'message' }, h('span', { class: 'tag bad' }, code), ' ', message),
      snippet === undefined ? undefined : h('pre', { tabindex: 0 }, snippet),
      hint === undefined ? undefined : h('p', { class: 'quiet' }, hint),
      at,
    ];
  }
}

function title({ status }: EndView): string {
  if (status === 'success') return 'It returned';
  return status === 'error' ? 'It failed' : 'It waits';
}
