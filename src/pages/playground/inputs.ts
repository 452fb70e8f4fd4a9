import type { Inputs } from '../../playground/contract.js';
import { h, text } from '../shared/dom.js';

const FIELDS = [
  ['args', '$args'],
  ['state', '$state'],
  ['scope', '$scope'],
] as const;

/** The input of the handler as JSON. */
export class InputPanel {
  readonly element: HTMLElement;
  readonly #areas: Readonly<Record<keyof Inputs, HTMLTextAreaElement>>;
  readonly #problems: Readonly<Record<keyof Inputs, HTMLElement>>;
  readonly #note = h('p', { class: 'quiet small' });

  constructor(onChange: () => void) {
    const area = (name: keyof Inputs) =>
      h('textarea', {
        ...{ id: `input-${name}`, rows: 3, spellcheck: 'false', placeholder: 'undefined' },
        'aria-describedby': `problem-${name}`,
        on: {
          input: () => {
            this.#check(name);
            onChange();
          },
        },
      });
    const problem = (name: string) => h('p', { class: 'problem small', id: `problem-${name}` });
    this.#areas = { args: area('args'), state: area('state'), scope: area('scope') };
    this.#problems = { args: problem('args'), state: problem('state'), scope: problem('scope') };
    const fields = FIELDS.map(([name, label]) =>
      h(
        'div',
        { class: 'field' },
        h('label', { for: `input-${name}` }, h('code', {}, label)),
        this.#areas[name],
        this.#problems[name],
      ),
    );
    this.element = h(
      'section',
      { class: 'card inputs', 'aria-labelledby': 'inputs-title' },
      h(
        'header',
        {},
        h('h2', { id: 'inputs-title' }, 'Input'),
        h('span', { class: 'quiet' }, 'JSON; empty is undefined'),
      ),
      this.#note,
      h('div', { class: 'fields' }, ...fields),
    );
  }

  get values(): Inputs {
    const { args, state, scope } = this.#areas;
    return { args: args.value, state: state.value, scope: scope.value };
  }

  /** @param canEdit false for values that JSON cannot say: those of the recording count */
  show(inputs: Inputs, canEdit: boolean): void {
    for (const [name] of FIELDS) {
      this.#areas[name].value = inputs[name];
      this.#areas[name].readOnly = !canEdit;
      this.#areas[name].rows = Math.max(2, Math.min(9, inputs[name].split('\n').length));
      this.#check(name);
    }
    text(
      this.#note,
      canEdit ? '' : 'The recording has values that JSON has not, or large ones. They are used as they were recorded.',
    );
  }

  #check(name: keyof Inputs): void {
    const { value, readOnly } = this.#areas[name];
    let problem = '';
    try {
      if (value.trim() !== '' && !readOnly) JSON.parse(value);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    text(this.#problems[name], problem);
    this.#areas[name].setAttribute('aria-invalid', String(problem !== ''));
  }
}
