import { NEWER_THAN_2024 } from './suite.mjs';

/** How many runs pass, by folder, of those that can pass. */
export class Rates {
  #titles;
  #folders = new Map();
  #all;
  #notNewer;
  #promised;
  #reasons = new Map();
  count = 0;

  constructor(titles) {
    this.#titles = titles;
    this.#all = this.#empty();
    this.#notNewer = this.#empty();
    this.#promised = { all: this.#empty(), notNewer: this.#empty() };
  }

  /**
   * @param fits whether the run can pass in the body of a function
   * @param isByDesign whether it is about something that handlers do without on purpose
   */
  add({ test }, passes, fits, isByDesign) {
    this.count++;
    if (!fits) return;
    const folder = test.path.split('/').slice(0, 2).join('/');
    if (!this.#folders.has(folder)) this.#folders.set(folder, this.#empty());
    const isNewer = test.features.some((name) => NEWER_THAN_2024.has(name));
    const { all, notNewer } = this.#promised;
    const rows = [this.#folders.get(folder), this.#all, ...(isNewer ? [] : [this.#notNewer])];
    if (!isByDesign) rows.push(all, ...(isNewer ? [] : [notNewer]));
    for (const row of rows) {
      row.runs++;
      for (const [i, isRight] of passes.entries()) if (isRight) row.passed[i]++;
    }
  }

  /** A failure of the product with the reason for it. */
  expect(reason) {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  *lines() {
    yield ['folder'.padEnd(40), 'runs'.padStart(7), ...this.#titles.map((title) => title.padStart(18))].join(' ');
    for (const [folder, row] of [...this.#folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
      // Folders in which everything passes everywhere say nothing.
      if (row.passed.some((passed) => passed < row.runs)) yield this.#line(folder, row);
    }
    yield this.#line('all that fits a function', this.#all);
    yield this.#line('of these not newer than ES2024', this.#notNewer);
    yield this.#line('all without what is left out by design', this.#promised.all);
    yield this.#line('of these not newer than ES2024', this.#promised.notNewer);
    for (const [reason, times] of [...this.#reasons].sort((a, b) => b[1] - a[1]))
      yield `${String(times).padStart(6)} fail: ${reason}`;
  }

  #empty() {
    return { runs: 0, passed: this.#titles.map(() => 0) };
  }

  #line(name, { runs, passed }) {
    const shares = passed.map((count) => `${count} ${((100 * count) / Math.max(runs, 1)).toFixed(2)} %`.padStart(18));
    return [name.padEnd(40), String(runs).padStart(7), ...shares].join(' ');
  }
}
