/** The modes of the Code node: one execution of the script for all items, or one for each. */
export type N8nMode = 'runOnceForAllItems' | 'runOnceForEachItem';

/** An item, as nodes pass it on. */
export interface N8nItem {
  readonly json: Readonly<Record<string, unknown>>;
  readonly binary?: Readonly<Record<string, unknown>>;
  readonly pairedItem?: unknown;
  readonly error?: unknown;
  readonly metadata?: unknown;
  readonly index?: unknown;
}
