import type { StandardIssue, StandardSchema } from '../../api/schema.js';
import type { N8nItem, N8nMode } from './items.js';

const ITEM_KEYS = ['json', 'binary', 'pairedItem', 'error', 'metadata', 'index'] as const;
/** More are not told: one is enough to mend the script. */
const MAX_ISSUES = 20;

type Fields = Readonly<Record<string, unknown>>;

/**
 * What a script returned as items, by the rules of the Code node. It is checked here because the VM belongs to the script.
 */
export function itemsSchema(mode: N8nMode): StandardSchema<unknown, N8nItem[]> {
  const validate = mode === 'runOnceForAllItems' ? readAllItems : readEachItem;
  return { '~standard': { version: 1, vendor: 'nexus-runtime', validate } };
}

type Verdict = { readonly value: N8nItem[] } | { readonly issues: StandardIssue[] };

function readAllItems(returned: unknown): Verdict {
  if (returned === null) return { value: [] };
  if (!isRecord(returned) && !Array.isArray(returned)) {
    return { issues: [{ message: `return an array of objects, one for each item; it is ${nameOf(returned)}` }] };
  }
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  const pathOf = (index: number) => (Array.isArray(returned) ? [index] : []);
  const hasItems = list.some((each) => isRecord(each) && hasItemKey(each));
  const issues: StandardIssue[] = [];
  const items: N8nItem[] = [];
  for (const [index, each] of list.entries()) {
    if (issues.length >= MAX_ISSUES) break;
    if (!isRecord(each)) {
      issues.push({ path: pathOf(index), message: `an item is an object; this is ${nameOf(each)}` });
    } else if (!hasItems) items.push({ json: each });
    else readItem(each, pathOf(index), items, issues);
  }
  return issues.length > 0 ? { issues } : { value: items };
}

function readEachItem(returned: unknown): Verdict {
  const issues: StandardIssue[] = [];
  const items: N8nItem[] = [];
  // It is not, if the script broke what calls it.
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  for (const [index, each] of list.entries()) {
    if (issues.length >= MAX_ISSUES) break;
    if (each === null) continue;
    if (Array.isArray(each)) {
      const message = 'return one object for the item; for several, use the mode runOnceForAllItems';
      issues.push({ path: [index], message });
    } else if (!isRecord(each)) {
      issues.push({ path: [index], message: `return an object for the item; it is ${nameOf(each)}` });
    } else if (!hasItemKey(each)) {
      items.push({ json: each, pairedItem: { item: index } });
    } else {
      const read: N8nItem[] = [];
      readItem(each, [index], read, issues);
      for (const item of read) items.push({ pairedItem: { item: index }, ...item });
    }
  }
  return issues.length > 0 ? { issues } : { value: items };
}

function readItem(each: Fields, path: readonly PropertyKey[], items: N8nItem[], issues: StandardIssue[]): void {
  const unknown = Object.keys(each).find((key) => !(ITEM_KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) {
    issues.push({ path: [...path, unknown], message: 'no key of an item: fields of the data are in its json' });
    return;
  }
  for (const key of ['json', 'binary']) {
    const value = each[key];
    if (isRecord(value) || (key === 'binary' && value === undefined)) continue;
    issues.push({ path: [...path, key], message: `must be an object; it is ${nameOf(value)}` });
    return;
  }
  items.push(each as unknown as N8nItem);
}

/** perf: a list of its keys takes 20 ms for the largest object. */
function hasItemKey(each: Fields): boolean {
  return ITEM_KEYS.some((key) => Object.hasOwn(each, key));
}

/** An object of fields, not a Map, a Date or a list. */
function isRecord(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'another kind of object' : `a ${typeof value}`;
}
