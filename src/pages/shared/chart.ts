import { h, s, text } from './dom.js';

/** A line over time with the area under it. It is as wide as there is room. */
export class AreaChart {
  readonly element: HTMLElement;
  readonly #lines: readonly { readonly area: SVGPathElement | undefined; readonly line: SVGPathElement }[];
  readonly #top: HTMLElement;
  readonly #points: number;
  readonly #svg: SVGSVGElement;
  readonly #format: (value: number) => string;
  readonly #label: string;

  /**
   * @param names classes of the lines; the area is under the first
   * @param points values of the whole width
   */
  constructor(label: string, names: readonly string[], points: number, format: (value: number) => string) {
    this.#label = label;
    this.#points = points;
    this.#format = format;
    this.#lines = names.map((name, index) => ({
      area: index === 0 ? s('path', { class: `area ${name}` }) : undefined,
      line: s('path', { class: `line ${name}`, 'vector-effect': 'non-scaling-stroke' }),
    }));
    const paths = this.#lines.flatMap(({ area, line }) => (area === undefined ? [line] : [area, line]));
    this.#svg = s('svg', { viewBox: '0 0 1000 100', preserveAspectRatio: 'none', role: 'img' }, ...paths);
    this.#top = h('span', { class: 'top-value' });
    this.element = h('div', { class: 'area-chart' }, this.#top, this.#svg);
  }

  /** @param series of each line, the latest value last */
  show(series: readonly (readonly number[])[], now: string): void {
    const most = niceCeiling(Math.max(0, ...series.flat()));
    text(this.#top, this.#format(most));
    this.#svg.setAttribute('aria-label', `${this.#label}: ${now}`);
    for (const [index, { area, line }] of this.#lines.entries()) {
      const values = series[index] ?? [];
      const step = 1000 / Math.max(1, this.#points - 1);
      const first = 1000 - (values.length - 1) * step;
      const places = values.map((value, at) => `${round(first + at * step)} ${round(99 - (value / most) * 96)}`);
      const path = places.length === 0 ? '' : `M${places.join('L')}`;
      line.setAttribute('d', path);
      area?.setAttribute('d', path === '' ? '' : `${path}L1000 100L${round(first)} 100Z`);
    }
  }
}

/** Counts in buckets, as columns. */
export class Histogram {
  readonly element: HTMLElement;
  readonly #columns: HTMLElement;
  readonly #bars: { readonly column: HTMLElement; readonly bar: HTMLElement }[] = [];
  readonly #label: string;

  constructor(label: string) {
    this.#label = label;
    this.#columns = h('div', { class: 'columns', role: 'img' });
    this.element = h('div', { class: 'histogram' }, this.#columns);
  }

  /** @param names of the buckets, for the line under them; @param titles what the pointer over one says */
  show(counts: readonly number[], names: readonly string[], titles: readonly string[]): void {
    const most = Math.max(1, ...counts);
    const total = counts.reduce((sum, count) => sum + count, 0);
    while (this.#bars.length < counts.length) this.#add(names[this.#bars.length] ?? '');
    for (const [index, { column, bar }] of this.#bars.entries()) {
      const count = counts[index] ?? 0;
      // What is there at all is seen.
      bar.style.height = count === 0 ? '0' : `max(2px, ${round((count / most) * 100)}%)`;
      column.title = `${titles[index] ?? ''}: ${count}`;
    }
    const modal = counts.indexOf(most);
    const summary = total === 0 ? 'none' : `${total}, most of them ${titles[modal] ?? ''}`;
    this.#columns.setAttribute('aria-label', `${this.#label}: ${summary}`);
  }

  #add(name: string): void {
    const bar = h('div', { class: 'bar' });
    const column = h('div', { class: 'column' }, h('div', { class: 'rest' }, bar), h('span', {}, name));
    this.#bars.push({ column, bar });
    this.#columns.append(column);
  }
}

/** 1, 2, 5, 10, 20, 50 …: not less than a value. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
