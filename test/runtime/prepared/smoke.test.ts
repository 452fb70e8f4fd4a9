import { expect, it } from 'vitest';
import { createTestRuntime } from '#src/testing/index.js';

it('smoke', async () => {
  const runtime = await createTestRuntime();
  const value = { a: 1, list: [1, 2, { x: 'y' }], m: new Map([[1, { z: 2 }]]) };
  const p = await runtime.prepare(value);
  console.log(p.bytes, p.hash);
  for (let i = 0; i < 5; i++) {
    console.log(JSON.stringify(await runtime.executeHandler('return [$args.a, $args.list[2].x, $args.m.get(1).z]', { args: p })));
    console.log(JSON.stringify(await runtime.executeHandler('$state.list.push(1); return [$state.a, $state.list[2].x, $state.m.get(1).z]', { stateSnapshot: p, capabilities: ['state:*'] })));
    console.log(JSON.stringify(await runtime.executeHandler('return [$state.k.list[2].x, $args[0] === $state.k]', { stateSnapshot: { k: p }, args: [p], capabilities: ['state:*'] })));
  }
  expect(1).toBe(1);
});
