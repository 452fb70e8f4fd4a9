import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmContext, type WasmResult } from '#src/index.js';
import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';

import { ENTERING, LEAVING, type LeavingCase } from './values.js';

let cacheDir: string;
let fresh: NexusRuntime;
let fromDisk: NexusRuntime;
let kit: TestRuntime;

const ANYTHING: WasmContext = {
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'],
};

type Route = (source: string, context?: WasmContext) => Promise<WasmResult>;

/** How a handler comes to be executed. */
const ROUTES: [string, Route][] = [
  ['from its source', (source, context) => fresh.executeHandler(source, { ...ANYTHING, ...context })],
  [
    'from an artifact on disk',
    async (source, context) => {
      await fresh.precompileHandler(source);
      const result = await fromDisk.executeHandler(source, { ...ANYTHING, ...context });
      expect(result.metrics.cacheTier).toBe('disk');
      return result;
    },
  ],
  [
    'suspended and resumed',
    async (source, context) => {
      const waiting = await fresh.executeHandler(`await $ext.wait.here();\n${source}`, { ...ANYTHING, ...context });
      const { suspensionId = '' } = waiting.suspension ?? {};
      return fresh.resumeHandler(suspensionId, { success: true, value: undefined });
    },
  ],
  ['in the test kit', (source, context) => kit.executeHandler(source, { ...ANYTHING, ...context })],
];

/** Every way out of a handler: what it does with an expression, where the value is then, and what its path is called. */
const WAYS_OUT: {
  readonly use: (expression: string) => string;
  readonly found: (result: WasmResult) => unknown;
  readonly path: string;
}[] = [
  {
    use: (expression) => `return { it: ${expression} }`,
    found: ({ returnValue }) => (returnValue as { it: unknown }).it,
    path: 'returnValue.it',
  },
  {
    use: (expression) => `$emit('e', [${expression}])`,
    found: ({ events }) => (events[0]?.payload as unknown[])[0],
    path: '$emit payload[0]',
  },
  {
    use: (expression) => `$view.command('c', ${expression})`,
    found: ({ viewCommands }) => viewCommands[0]?.args[0],
    path: '$view arguments[0]',
  },
  {
    use: (expression) => `$state.key = { it: ${expression} }`,
    found: ({ stateMutations }) => (stateMutations[0]?.value as { it: unknown }).it,
    path: '$state.key.it',
  },
  {
    use: (expression) => `$state.known.it = ${expression}`,
    found: ({ stateMutations }) => (stateMutations[0]?.value as { it: unknown }).it,
    path: '$state.known.it',
  },
  {
    use: (expression) => `await $ext.a.b(${expression})`,
    found: ({ suspension }) => suspension?.calls[0]?.args[0],
    path: '$ext.a.b arguments[0]',
  },
];

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'nexus-values-'));
  const options = { maxInstances: 1, metrics: false };
  // Nothing stays in memory: what the second one executes, it has from the disk.
  [fresh, fromDisk, kit] = await Promise.all([
    createRuntime({ ...options, cacheDir }),
    createRuntime({ ...options, cacheDir }),
    createTestRuntime({ cacheDir: false }),
  ]);
});
afterAll(async () => {
  await Promise.all([fresh, fromDisk, kit].map((each) => each?.shutdown()));
  await rm(cacheDir, { recursive: true });
});

async function expectLeaving({ expression, value, refused }: LeavingCase, route: Route): Promise<void> {
  for (const { use, found, path } of WAYS_OUT) {
    const result = await route(use(expression), { stateSnapshot: { known: {} } });
    if (refused === undefined) {
      expect(result.error).toBeUndefined();
      expect(found(result)).toStrictEqual(value);
      continue;
    }
    expect(result.error).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect(String(result.error?.context?.['path']).startsWith(path)).toBe(true);
    expect(result.error?.message).toContain(` is ${refused}`);
  }
}

describe.each(ROUTES)('a handler that is executed %s', (_title, route) => {
  it.each(
    LEAVING.map((one) => [one.name, one] as const),
  )('lets %s leave as documented, by every way out', (_name, one) => expectLeaving(one, route));

  it.each(
    LEAVING.filter(({ refused }) => refused !== undefined).map((one) => [one.name, one] as const),
  )('names %s in what was thrown', async (_name, { expression, refused }) => {
    const { error } = await route(`throw { it: ${expression}, known: 1, message: 'm' }`);
    expect(error).toMatchObject({
      code: 'EXECUTION_ERROR',
      dropped: ['it'],
      context: { thrown: { known: 1, message: 'm' } },
      location: { line: expect.any(Number) },
    });
    expect(error?.message).toMatch(/^The handler threw an object that is not an Error \(m\); thrown\.it/);
    expect(error?.message).toContain(` is ${refused}`);
  });

  it.each(
    ENTERING.map((one) => [one.name, one] as const),
  )('gets %s as arguments, scope and state, and gives it back', async (_name, { value, check, seen, back = value }) => {
    const source = `const says = (it) => ${check};\nreturn [says($args), says($scope), says($state.it), $args]`;
    const context = { args: value, scope: value, stateSnapshot: { it: value } };
    expect((await route(source, context)).returnValue).toEqual([seen, seen, seen, back]);
  });

  it.each(ENTERING.map((one) => [one.name, one] as const))('gets %s as an answer, and gives it back', async (_name, {
    value,
    check,
    seen,
    back = value,
  }) => {
    const extensions = { a: { b: async () => value } };
    const source = `const it = await $ext.a.b();\nreturn [${check}, it]`;
    const result = await (route === ROUTES[3]?.[1] ? kit : fresh).run(source, ANYTHING, { extensions });
    expect(result.returnValue).toEqual([seen, back]);
  });
});
