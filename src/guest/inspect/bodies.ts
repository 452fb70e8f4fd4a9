import { isIndex, primitive, remaining } from './texts.js';

/** What writes the values inside of another one. */
export interface Inspector {
  /** Of a list. */
  readonly maxItems: number;
  indentation: number;
  value(value: unknown, depth: number): string;
  property(holder: object, key: PropertyKey, depth: number, isItem: boolean): string;
}

/** Writes the parts of a value. */
export type Body = (state: Inspector, depth: number) => string[];

/** Of a list. */
export const MAX_ITEMS = 100;

export function indented<T>(state: Inspector, use: () => T): T {
  state.indentation += 2;
  const result = use();
  state.indentation -= 2;
  return result;
}

export const items =
  (list: unknown[]): Body =>
  (state, depth) => {
    const parts: string[] = [];
    const { length } = list;
    let i = 0;
    while (i < length && parts.length < state.maxItems) {
      if (Object.hasOwn(list, i)) parts.push(state.property(list, i++, depth, true));
      else {
        const start = i;
        const next = nextIndex(list, i);
        i = next;
        parts.push(`<${i - start} empty item${i - start > 1 ? 's' : ''}>`);
      }
    }
    if (i < length) parts.push(remaining(length - i, 'item'));
    return parts;
  };

/** Of the item after a hole, without going through all of a hole: it may be of any size. */
function nextIndex(list: unknown[], from: number): number {
  const near = Math.min(list.length, from + 1_000);
  for (let i = from; i < near; i++) if (Object.hasOwn(list, i)) return i;
  if (near === list.length) return near;
  for (const key of Object.keys(list)) if (isIndex(key) && Number(key) >= near) return Number(key);
  return list.length;
}

export const members =
  (set: Set<unknown>): Body =>
  (state, depth) => {
    const parts: string[] = [];
    for (const member of set) {
      if (parts.length === state.maxItems) {
        parts.push(remaining(set.size - state.maxItems, 'item'));
        break;
      }
      parts.push(indented(state, () => state.value(member, depth)));
    }
    return parts;
  };

export const entries =
  (map: Map<unknown, unknown>): Body =>
  (state, depth) => {
    const parts: string[] = [];
    for (const [key, item] of map) {
      if (parts.length === state.maxItems) {
        parts.push(remaining(map.size - state.maxItems, 'item'));
        break;
      }
      parts.push(indented(state, () => `${state.value(key, depth)} => ${state.value(item, depth)}`));
    }
    return parts;
  };

export const numbers =
  (list: Uint8Array): Body =>
  ({ maxItems }) => {
    const parts: string[] = [];
    for (let i = 0; i < list.length && i < maxItems; i++) parts.push(primitive(list[i], 0));
    if (list.length > maxItems) parts.push(remaining(list.length - maxItems, 'item'));
    return parts;
  };

export function bytesText(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer, 0, Math.min(50, buffer.byteLength));
  let text = '';
  for (let i = 0; i < bytes.length; i++)
    text += `${i === 0 ? '' : ' '}${(bytes[i] as number).toString(16).padStart(2, '0')}`;
  const left = buffer.byteLength - bytes.length;
  return `<${text}${left > 0 ? ` ... ${left} more byte${left > 1 ? 's' : ''}` : ''}>`;
}
