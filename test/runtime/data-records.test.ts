import { afterAll, beforeAll, expect, it } from 'vitest';

import { createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

/** A record of the application, such as a row of a database. */
interface Rule {
  readonly id: number;
  readonly code: string;
  readonly filename: string;
  readonly grants: readonly string[];
}
const rules: readonly Rule[] = [
  { id: 1, code: 'return $state.limit', filename: 'limit.js', grants: ['state:read:limit'] },
  { id: 2, code: 'return 2', filename: 'two.js', grants: [] },
];

it('records with further fields are compiled and loaded', async () => {
  expect(await runtime.precompileAll(rules)).toMatchObject({ done: 2, failed: 0 });
  expect(await runtime.warmup(rules)).toMatchObject({ loaded: 2, failures: [] });
});

it('a record without code is refused, and so is one that cannot be read', async () => {
  const [unnamed, unreadable] = [
    { id: 1 },
    {
      get code(): string {
        throw new Error('away');
      },
    },
  ];
  for (const handlers of [[unnamed], [unreadable]]) {
    await expect(runtime.warmup(handlers as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(runtime.precompileAll(handlers as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  }
});

it('a state may be of an interface, and capabilities plain strings, which are checked', async () => {
  interface Settings {
    readonly limit: number;
  }
  const settings: Settings = { limit: 5 };
  const [rule] = rules;
  const context = { stateSnapshot: settings, capabilities: rule?.grants ?? [] };
  expect((await runtime.executeHandler(rule?.code ?? '', context)).returnValue).toBe(5);
  const wrong = runtime.executeHandler('', { capabilities: ['state:read:limit', 'state:raed:limit'] });
  await expect(wrong).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    context: { field: 'context.capabilities[1]' },
  });
  const list = runtime.executeHandler('', { stateSnapshot: [1] });
  await expect(list).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', context: { field: 'context.stateSnapshot' } });
});
