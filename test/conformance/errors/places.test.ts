import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openColumn } from '../columns/source-columns.js';
import { RUNTIME, SYNTAX } from './cases.js';
import { expressionAt } from './expression-at.js';
import { NO_PLACE, OTHER_EXPRESSIONS, OTHER_LINES } from './lines.js';

interface Place {
  readonly line: number;
  readonly column: number;
}
interface Found {
  readonly kind: string;
  readonly place?: Place;
  readonly message?: string;
}

const CONTEXT = { context: { args: {} }, timeoutMs: 5_000 };

let columns: { run(body: string, options: object): Promise<unknown>; close(): Promise<void> }[];
beforeAll(async () => {
  columns = [await openColumn('product'), await openColumn('node')];
});
afterAll(() => Promise.all(columns.map((column) => column.close())));

async function placesOf(source: string): Promise<readonly [ours: Found, theirs: Found]> {
  const [ours, theirs] = (await Promise.all(columns.map((column) => column.run(source, CONTEXT)))) as [Found, Found];
  return [ours, theirs];
}

describe.each([
  ['an error that a handler throws', RUNTIME],
  ['an error that keeps a handler from compiling', SYNTAX],
])('%s', (_title, cases) => {
  it.each(cases)('has the line that it has in Node: %s', async (what, source) => {
    const [ours, theirs] = await placesOf(source);
    if (theirs.place === undefined) return;
    if (what in NO_PLACE) return expect(ours.place).toBeUndefined();
    const { line } = ours.place ?? {};
    if (what in OTHER_LINES) expect(line).not.toBe(theirs.place.line);
    else expect(line, `${ours.message} at column ${ours.place?.column}`).toBe(theirs.place.line);
  });
});

describe('the column of an error', () => {
  it.each(RUNTIME)('is inside the expression at fault: %s', async (what, source) => {
    const [ours, theirs] = await placesOf(source);
    if (ours.place === undefined || theirs.place === undefined || what in OTHER_LINES) return;
    const expression = expressionAt(source, theirs.place);
    if (expression === undefined) return;
    const { begin, end } = expression;
    const isInside = isNotBefore(ours.place, begin) && isNotBefore(end, ours.place);
    const at = `${ours.place.line}:${ours.place.column}, the expression is ${begin.line}:${begin.column} to ${end.line}:${end.column}`;
    if (what in OTHER_EXPRESSIONS) expect(isInside, at).toBe(false);
    else expect(isInside, at).toBe(true);
  });

  it.each(
    SYNTAX,
  )('the column of an error that keeps a handler from compiling is on its line: %s', async (_what, source) => {
    const [{ place }] = await placesOf(source);
    if (place === undefined) return;
    const line = source.split('\n')[place.line - 1] ?? '';
    expect(place.column).toBeGreaterThanOrEqual(1);
    expect(place.column).toBeLessThanOrEqual(line.length + 1);
  });
});

describe('the places', () => {
  it('are those of 151 errors, with a reason for each that differs', () => {
    expect(RUNTIME.length + SYNTAX.length).toBe(151);
    const names = new Set([...RUNTIME, ...SYNTAX].map(([what]) => what));
    for (const list of [OTHER_LINES, NO_PLACE, OTHER_EXPRESSIONS]) {
      for (const [what, reason] of Object.entries(list)) {
        expect(names).toContain(what);
        expect(reason.length).toBeGreaterThan(20);
      }
    }
  });
});

function isNotBefore(place: Place, other: Place): boolean {
  return place.line > other.line || (place.line === other.line && place.column >= other.column);
}
