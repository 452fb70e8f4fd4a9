import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WasmResult } from '#src/index.js';
import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';
import { PreparedSet } from '#src/worker/prepared-images.js';
import '../../support/fixed-seed.js';

const CAPABILITIES = ['state:read:*', 'state:write:*'];
const RUNS = 25;

/** Anything that can be passed, some objects in several places. */
const { value: VALUE } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.constantFrom(null, undefined, true, -0, 2n ** 70n, 'key'),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 6 }).map((record) => ({ ...record })),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(fc.integer(), { maxLength: 4 }).map((items) => new Set(items)),
    tie('value').map((item) => [item, { again: item }]),
    fc.array(fc.record({ id: fc.integer(), name: fc.string() }), { minLength: 3, maxLength: 40 }),
  ),
}));

/** Walks to some object in a value and does something to it. */
const WALK = (steps: readonly number[], action: number) => `
  let at = $state.v, parent, key;
  for (const step of ${JSON.stringify(steps)}) {
    if (typeof at !== 'object' || at === null) break;
    const keys = at instanceof Map ? [...at.keys()] : Object.keys(at);
    if (keys.length === 0) break;
    parent = at; key = keys[step % keys.length];
    at = at instanceof Map ? at.get(key) : at[key];
  }
  const set = (value) => parent === undefined ? 0 : parent instanceof Map ? parent.set(key, value) : (parent[key] = value);
  switch (${action}) {
    case 0: set(1); break;
    case 1: if (parent && !(parent instanceof Map) && !ArrayBuffer.isView(parent)) delete parent[key]; break;
    case 2: set(at); break;
    case 3: if (Array.isArray(at)) at.reverse(); break;
    case 4: if (Array.isArray(at)) { at.push(1); at.pop(); } break;
    case 5: if (at instanceof Set) at.add('more'); break;
    case 6: globalThis.kept = [at, parent]; break;
  }
  return [typeof at, at];`;

function told({ metrics: _, ...result }: WasmResult): unknown {
  return result;
}

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await createTestRuntime();
});
afterAll(() => runtime.shutdown());

describe('a generated value that is prepared', () => {
  it('gives the results, changes and errors of the value itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        VALUE,
        fc.array(fc.nat(5), { maxLength: 4 }),
        fc.uniqueArray(fc.nat(6), { minLength: 3, maxLength: 3 }),
        async (value, steps, actions) => {
          const prepared = await runtime.prepare(value);
          for (const action of [...actions, actions[0] as number]) {
            const code = WALK(steps, action);
            const execute = (v: unknown) =>
              runtime.executeHandler(code, { stateSnapshot: { v, other: [1] }, capabilities: CAPABILITIES });
            expect(told(await execute(prepared))).toEqual(told(await execute(value)));
          }
          prepared.dispose();
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('a prepared state that is only read', () => {
  const table = Array.from({ length: 200 }, (_, id) => ({
    id,
    name: `n${id}`,
    tags: ['t', `u${id % 3}`],
    more: { id },
  }));
  const READS = [
    'return $state.t[7].name',
    'let n = 0; for (const { id, tags } of $state.t) n += id + tags.length; return n',
    'return $state.t.filter((row) => row.tags.includes("u1"))',
    'return JSON.stringify($state.t).length',
    'const byName = new Map($state.t.map((row) => [row.name, row])); return byName.get("n5").more',
    'globalThis.kept = $state.t; await null; return Object.keys($state.t[3])',
    'const sorted = [...$state.t].sort((a, b) => b.id - a.id); return sorted[0]',
    'const out = {}; for (const row of $state.t) out["fresh " + row.name] = { ...row, x: 1 }; return Object.keys(out).length',
    '$state.other.n = 2; return $state.t.length',
  ];

  it('is not compared with what it was, which would take as long as reading it', async () => {
    const t = await runtime.prepare(table);
    const execute = (code: string) =>
      runtime.executeHandler(code, { stateSnapshot: { t, other: { n: 2 } }, capabilities: CAPABILITIES });
    const expand = vi.spyOn(PreparedSet.prototype, 'expand');
    try {
      for (const code of READS) {
        // The image with the features that it names learns what to look at.
        await execute(code);
        expand.mockClear();
        expect(await execute(code), code).toMatchObject({ status: 'success', stateMutations: [] });
        expect(expand.mock.calls.length, code).toBe(0);
      }
      expand.mockClear();
      await execute('$state.t[0].name = "other"');
      expect(expand).toHaveBeenCalled();
    } finally {
      expand.mockRestore();
    }
  });
});
