export const LevelKind = { array: 0, record: 1, form: 2, document: 3 } as const;

/** An object that is being encoded. */
export class Level {
  kind: number = LevelKind.array;
  /** The array or record. */
  value: unknown;
  /** Keys of a record; items of a form or document. */
  items: readonly unknown[] = [];
  /** Items of it, and how many of them were begun. */
  count = 0;
  index = 0;
  /** By which it is referred to. */
  number = 0;
  /** Where the item is that was begun last: its index in what is written, or its name. */
  key: string | number = 0;
  /** Items of a form that belong to one entry of the value. */
  stride = 1;
  /** Whether it is the state: what its keys share counts as shared. */
  isFirstField = false;

  /** One step of a path in the terms of the value. */
  get step(): string | number {
    return this.kind === LevelKind.form ? Math.floor((this.index - 1) / this.stride) : this.key;
  }
}
