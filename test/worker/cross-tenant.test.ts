import { describe, expect, it } from 'vitest';
import { withRuntime } from '../support/runtime-helpers.js';

const CARD = '4111 1111 1111 1111';
const SECRET = 'a secret of at least 16 bytes';
/**
 * A typed array that still accesses memory after its buffer was detached during its creation, if the engine
 * allows it.
 */
const WINDOW = `
  const size = 6 * 1024 * 1024, b = new ArrayBuffer(size);
  const open = () => Reflect.construct(Uint8Array, [b, 0, size], new Proxy(Uint8Array, { get(t, k) { if (k === 'prototype') b.transfer(0); return t[k] } }));
  let mem; try { mem = open() } catch {}
`;
/** In the native stack, in the heap, and in areas that a small memory does not have. */
const PLACES = [200 * 1024, 600 * 1024, 1_400 * 1024, 1_900 * 1024, 2 * 1024 * 1024];

const plant = (place: number) => `${WINDOW}
  const s = JSON.stringify($state);
  if (mem) for (let i = 0; i < s.length; i++) mem[${place} + i] = s.charCodeAt(i);
  return 'thank you'`;
const search = (place: number) => `${WINDOW}
  let t = '';
  if (mem) for (let i = ${place - 64}; i < ${place + 256}; i++) t += String.fromCharCode(mem[i]);
  return t`;

describe("what a handler leaves in memory behind the engine's back", () => {
  it.each([
    ['another tenant', { tenant: 'victim' }, { tenant: 'attacker' }],
    ['a call without a tenant', { tenant: 'victim' }, {}],
    ['another handler, where neither call has a tenant', {}, {}],
  ])('is not found by %s', (_title, victim, attacker) =>
    withRuntime({ maxInstances: 1, cacheSecret: SECRET, suspensionSecret: SECRET }, async (runtime) => {
      const context = { stateSnapshot: { card: CARD }, capabilities: ['state:read:*'] as const };
      for (const place of PLACES) {
        await runtime.executeHandler(plant(place), context, victim);
        await runtime.executeHandler('return 1', {}, { tenant: 'somebody' });
        const found = await runtime.executeHandler(search(place), {}, attacker);
        expect(JSON.stringify([found.returnValue, found.error])).not.toContain('4111');
      }
    }));
});
