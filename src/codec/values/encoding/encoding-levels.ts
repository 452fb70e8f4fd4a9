import { pathStep } from '../format.js';
import { FORM_ITEMS_AT } from '../forms.js';
import { NAME_SITES } from './encoding-names.js';

export const LevelKind = { array: 0, record: 1, form: 2, document: 3 } as const;

/** Spreads the members of an object over the sites. */
const SITE_FACTOR = 5;
const NO_ITEMS: readonly unknown[] = [];

/** An object that is being encoded. */
export class Level {
  kind: number = LevelKind.array;
  /** The array or record. */
  value: unknown;
  /** The keys of a record; the items of a form or document. */
  items: readonly unknown[] = NO_ITEMS;
  /** The number of items, and how many of them were started. */
  count = 0;
  index = 0;
  /** The number by which it is referred to. */
  number = 0;
  /** Where its names are remembered: the same for objects at the same place of like values. */
  site = 0;
  /** The number of items of a form for one entry of the value. */
  stride = 1;
  /** Whether it is the state: objects shared between its keys count as shared. */
  isFirstField = false;

  /** The item that was started last: its index in the output, or its name. */
  get key(): string | number {
    const last = this.index - 1;
    switch (this.kind) {
      case LevelKind.record:
        return this.items[last] as string;
      case LevelKind.document:
        return last + 1;
      case LevelKind.form:
        return last + FORM_ITEMS_AT;
      default:
        return last;
    }
  }

  /** One step of a path, in terms of the value. */
  get step(): string | number {
    return this.kind === LevelKind.form ? Math.floor((this.index - 1) / this.stride) : this.key;
  }
}

/** The open objects from the root to the value that is being encoded, and their progress. */
export class Levels {
  /** Reused, level by level. */
  readonly #levels: Level[] = [];
  depth = 0;

  /** The innermost object; there must be one. */
  get top(): Level {
    return this.#levels[this.depth - 1] as Level;
  }

  enter(kind: number, value: unknown, count: number, number: number): Level {
    const { depth } = this;
    const level = this.#levels[depth] ?? new Level();
    this.#levels[depth] = level;
    if (depth > 0) {
      const { site, kind: outer, index } = this.#levels[depth - 1] as Level;
      level.site = (site * SITE_FACTOR + (outer === LevelKind.record ? index : 0) + 1) & (NAME_SITES - 1);
    }
    this.depth = depth + 1;
    level.kind = kind;
    level.value = value;
    level.items = NO_ITEMS;
    level.count = count;
    level.index = 0;
    level.number = number;
    level.stride = 1;
    level.isFirstField = false;
    return level;
  }

  leave(level: Level): void {
    level.value = undefined;
    level.items = NO_ITEMS;
    this.depth--;
  }

  /** Keeps none of the caller's values alive. */
  forget(): void {
    for (const level of this.#levels) {
      if (level.value === undefined && level.items === NO_ITEMS) break;
      level.value = undefined;
      level.items = NO_ITEMS;
    }
    this.depth = 0;
  }

  /** Whether the object of this number is open. Each open object has a higher number than the surrounding one. */
  isOpen(number: number): boolean {
    let from = 0;
    let to = this.depth;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const found = (this.#levels[middle] as Level).number;
      if (found === number) return true;
      if (found < number) from = middle + 1;
      else to = middle;
    }
    return false;
  }

  /** How many items of the outermost object were started; undefined if there is none. */
  get begun(): number | undefined {
    return this.#levels[0]?.index;
  }

  /** The path to the present item, without the outermost levels. */
  pathFrom(skipped: number): string {
    return this.#levels
      .slice(skipped, this.depth)
      .map((level) => pathStep(level.step))
      .join('');
  }
}
