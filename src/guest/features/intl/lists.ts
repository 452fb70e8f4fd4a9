import { apply, quote, show, TypeErrorConstructor } from './intrinsics.js';

const symbolIterator = Symbol.iterator;

interface Result {
  readonly done?: unknown;
  readonly value?: unknown;
}

/** StringListFromIterable: what it yields, by its own iterator. */
export function iterableTexts(iterable: unknown): string[] {
  const texts: string[] = [];
  if (iterable === undefined) return texts;
  const begin = (iterable as { [symbolIterator]?: unknown })[symbolIterator];
  if (typeof begin !== 'function') throw new TypeErrorConstructor(show(iterable) + ' is not iterable');
  const iterator = apply(begin as () => unknown, iterable, []) as { next: () => Result; return?: () => unknown };
  const { next } = iterator;
  for (let result = apply(next, iterator, []); !result.done; result = apply(next, iterator, [])) {
    const { value } = result;
    if (typeof value !== 'string') {
      const close = iterator.return;
      if (close !== undefined && close !== null) apply(close, iterator, []);
      throw new TypeErrorConstructor('Iterable yielded ' + show(value) + ' which is not a string');
    }
    texts[texts.length] = value;
  }
  return texts;
}

export function asJsonList(texts: readonly string[]): string {
  let json = '';
  for (let i = 0; i < texts.length; i++) json += (i === 0 ? '' : ',') + quote(texts[i] as string);
  return '[' + json + ']';
}
