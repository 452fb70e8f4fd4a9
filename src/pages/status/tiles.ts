import { h, text } from '../shared/dom.js';

/** A figure with what it is under it. */
export class Tile {
  readonly element: HTMLElement;
  readonly #value = h('span', { class: 'value' }, '–');
  readonly #note = h('span', { class: 'note' }, ' ');

  constructor(label: string) {
    this.element = h('div', { class: 'card tile' }, h('span', { class: 'label' }, label), this.#value, this.#note);
  }

  show(value: string, note: string, tone: '' | 'warn' | 'bad' = ''): void {
    text(this.#value, value);
    text(this.#note, note);
    if (this.element.dataset['tone'] !== tone) this.element.dataset['tone'] = tone;
  }
}

/** A part of the page with a title. */
export function card(title: string, note: string | HTMLElement, ...children: readonly Node[]): HTMLElement {
  const id = `part-${title.toLowerCase().replace(/\W+/g, '-')}`;
  const noted = typeof note === 'string' ? h('span', { class: 'quiet' }, note) : note;
  return h(
    'section',
    { class: 'card', 'aria-labelledby': id },
    h('header', {}, h('h2', { id }, title), noted),
    ...children,
  );
}
