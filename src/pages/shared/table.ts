import { h, put, Rows, text } from './dom.js';

export interface Column<Item> {
  readonly title: string;
  /** Whether it is a number, which is aligned at its end. */
  readonly isNumber?: boolean;
  /** Whether a long text is cut by the width of the table; the whole of it is in the title. */
  readonly isCut?: boolean;
  readonly class?: string;
  /** What a cell says: a text, or elements that are made anew each time that `version` changes. */
  readonly text?: (item: Item) => string;
  readonly element?: (item: Item) => Node;
}

export interface TableOptions<Item> {
  /** Said to those who do not see it. */
  readonly caption: string;
  readonly columns: readonly Column<Item>[];
  readonly keyOf: (item: Item) => string;
  /** What is there instead of rows. */
  readonly empty: string;
  /** Rows of one page. @default all */
  readonly pageSize?: number;
  /** What elements of a row depend on; they are made again when it changes. @default nothing */
  readonly versionOf?: (item: Item) => string;
}

/** A table whose rows are brought up to date in place. */
export class Table<Item> {
  readonly element: HTMLElement;
  readonly #options: TableOptions<Item>;
  readonly #rows: Rows<Item>;
  readonly #empty: HTMLElement;
  readonly #scroll: HTMLElement;
  readonly #pager: HTMLElement;
  readonly #place = h('span', {});
  readonly #previous: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  #items: readonly Item[] = [];
  #page = 0;

  constructor(options: TableOptions<Item>) {
    this.#options = options;
    const { caption, columns, empty, keyOf } = options;
    const heads = columns.map(({ title, isNumber, class: given = '' }) =>
      h('th', { scope: 'col', class: isNumber ? `number ${given}` : given }, title),
    );
    const body = h('tbody');
    this.#scroll = h(
      'div',
      { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption },
      h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, ...heads)), body),
    );
    this.#rows = new Rows(body, keyOf, () => this.#makeRow());
    this.#empty = h('p', { class: 'quiet' }, empty);
    const turn = (by: number) => () => {
      this.#page += by;
      this.#draw();
    };
    this.#previous = h('button', { type: 'button', class: 'second', on: { click: turn(-1) } }, 'Previous');
    this.#next = h('button', { type: 'button', class: 'second', on: { click: turn(1) } }, 'Next');
    this.#pager = h('div', { class: 'pager' }, this.#previous, this.#next, this.#place);
    this.element = h('div', {}, this.#scroll, this.#empty, this.#pager);
    this.#draw();
  }

  show(items: readonly Item[]): void {
    this.#items = items;
    this.#draw();
  }

  #draw(): void {
    const { pageSize = Number.POSITIVE_INFINITY } = this.#options;
    const items = this.#items;
    const pages = Math.max(1, Math.ceil(items.length / pageSize));
    this.#page = Math.max(0, Math.min(this.#page, pages - 1));
    const first = pages === 1 ? 0 : this.#page * pageSize;
    const shown = pages === 1 ? items : items.slice(first, first + pageSize);
    this.#rows.show(shown);
    this.#empty.hidden = items.length > 0;
    this.#scroll.hidden = items.length === 0;
    this.#pager.hidden = pages === 1;
    this.#previous.disabled = this.#page === 0;
    this.#next.disabled = this.#page === pages - 1;
    text(this.#place, `${first + 1} to ${first + shown.length} of ${items.length}`);
  }

  #makeRow() {
    const { columns, versionOf = () => '' } = this.#options;
    const cells = columns.map(({ isNumber, isCut, class: given }) =>
      h('td', { class: [isNumber && 'number', isCut && 'cut', given].filter(Boolean).join(' ') }),
    );
    let version: string | undefined;
    const update = (next: Item) => {
      const nextVersion = versionOf(next);
      for (const [index, column] of columns.entries()) {
        const cell = cells[index];
        if (cell === undefined) continue;
        if (column.text !== undefined) {
          const said = column.text(next);
          text(cell, said);
          if (column.isCut && cell.title !== said) cell.title = said;
        } else if (column.element !== undefined && nextVersion !== version) put(cell, column.element(next));
      }
      version = nextVersion;
    };
    return { element: h('tr', {}, ...cells), update };
  }
}
