import { AssertionError } from 'node:assert';
import { expect, it } from 'vitest';

import { expectLimits } from '#src/testing/index.js';
import { testRuntime } from './runtime.js';

const runtime = await testRuntime();
const result = await runtime.runHandler(`
  for (let i = 0; i < 1e5; i++);
  $state.a = 1; $state.b = 2; $emit('x'); $view.focus('y'); $log('z');
`);

it('passes what is within its limits', () => {
  expectLimits(result, { maxHostCalls: 5, maxMutations: 2, maxEvents: 1, maxViews: 1, maxLogs: 1 });
  expectLimits(result, { maxInstructions: 10_000_000, maxDurationMs: 60_000, maxMemoryBytes: 1024 * 1024 });
  expectLimits(result, {});
});

it('lists all that was exceeded, with what was used', () => {
  const check = () => expectLimits(result, { maxMutations: 1, maxEvents: 1, maxHostCalls: 4, maxInstructions: 1 });
  expect(check).toThrow(AssertionError);
  expect(check).toThrow(
    /maxMutations: at most 1, it used 2\n {2}maxHostCalls: at most 4, it used 5\n {2}maxInstructions: at most 1, it used 200153$/,
  );
  expect(check).not.toThrow('maxEvents');
});

it('knows its limits', () => {
  expect(() => expectLimits(result, { maxEvent: 1 } as never)).toThrow('Did you mean expected.maxEvents?');
  expect(() => expectLimits(result, { maxEvents: '1' } as never)).toThrow(
    'expected.maxEvents is "1"; it must be a number',
  );
});
