import { afterAll, describe, expect, it, vi } from 'vitest';
import { LeftOut } from '#src/execution/request/left-out.js';
import type { WasmResult } from '#src/index.js';
import { createTestRuntime } from '#src/testing/runtime/create-test-runtime.js';
import { KEYS, numbersOf, programOf, stateOf } from './programs.js';

const CAPABILITIES = ['state:read:*', 'state:write:*', 'ext:*', 'events:emit:*'] as const;
const CASES = Number(process.env['LEFT_OUT_CASES'] ?? 150);
const SEED = Number(process.env['LEFT_OUT_SEED'] ?? 1);

const runtime = await createTestRuntime({ cacheDir: false });
afterAll(() => runtime.shutdown());

/** What two executions of the same handler must have in common. */
function comparable({ metrics, ...result }: WasmResult): unknown {
  return { ...result, instructionCount: metrics.instructionCount };
}

async function run(source: string, stateSnapshot: object) {
  const calls: unknown[] = [];
  const echo = (value: unknown) => {
    calls.push(value);
    return value;
  };
  const options = { extensions: { e: { echo } }, seed: 7, now: 86_400_000, limits: { maxInstructions: 5_000_000 } };
  const result = await runtime.run(source, { stateSnapshot, capabilities: [...CAPABILITIES] }, options);
  return { result: comparable(result), calls };
}

describe('values of the state that a handler does not name', () => {
  it('give the same results left out, entered after a miss, and entered from the start', async () => {
    const of = vi.spyOn(LeftOut, 'of');
    const encode = vi.spyOn(LeftOut.prototype, 'encode');
    let missed = 0;
    let spared = 0;
    for (let index = 0; index < CASES; index++) {
      const seed = SEED * 1_000_003 + index;
      const number = numbersOf(seed);
      const state = stateOf(number);
      const program = programOf(number);
      // At the end, out of sight of errors that show lines.
      const [source, naming] = ['none', KEYS.join(' ')].map((words) => `${program}${'\n'.repeat(9)}// ${words}`) as [
        string,
        string,
      ];
      of.mockClear();
      encode.mockClear();
      const first = await run(source, state);
      const isMissed = encode.mock.calls.length > 0;
      if (of.mock.calls.length > 0) isMissed ? missed++ : spared++;
      const second = await run(source, state);
      const whole = await run(naming, state);
      const where = `seed ${seed}\n${source}\n${Object.keys(state).join()}`;
      expect(second, where).toEqual(whole);
      expect(first, where).toEqual(whole);
    }
    expect(missed).toBeGreaterThan(CASES / 10);
    expect(spared).toBeGreaterThan(CASES / 20);
    console.log({ missed, spared });
  }, 120_000);
});
