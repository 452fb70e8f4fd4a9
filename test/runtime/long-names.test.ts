import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createRuntime,
  explainCapabilities,
  NexusError,
  type NexusRuntime,
  type RuntimeOptions,
  type WasmContext,
} from '#src/index.js';
import { runHandler } from '#src/testing/index.js';

const LONG = 'x'.repeat(1_000_000);
const MAX_MESSAGE = 4_000;

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

const created = (options: unknown) => async () => {
  const made = await createRuntime({ cacheDir: false, maxInstances: 1, ...(options as RuntimeOptions) });
  await made.shutdown();
};
const executed =
  (context: unknown, options: unknown = {}) =>
  () =>
    runtime.executeHandler('return 1', context as WasmContext, options as object);
const ran = (options: unknown) => () => runtime.run('return 1', {}, options as Parameters<NexusRuntime['run']>[2]);
const resumed = (answers: unknown) => async () => {
  const { suspension } = await runtime.executeHandler('await $ext.a.b()', {
    capabilities: ['ext:*'],
    extensionRegistry: { a: ['b'] },
  });
  await runtime.resumeHandler(suspension?.suspensionId as string, answers as []);
};

/** Where a name or a text that the caller chose may be wrong. */
const WRONG: Readonly<Record<string, () => unknown>> = {
  'an option of the runtime': created({ [LONG]: 1 }),
  'an option of the runtime with a text': created({ maxInstances: LONG }),
  'an option of the runtime with a BigInt': created({ maxInstances: 10n ** 100_000n }),
  'an option of the runtime with a symbol': created({ maxInstances: Symbol(LONG) }),
  'a limit of the runtime': created({ limitCeilings: { [LONG]: 1 } }),
  'an option of metrics': created({ metrics: { [LONG]: 1 } }),
  'a label of metrics': created({ metrics: { defaultLabels: { [LONG]: 1 } } }),
  'a listener of the observer': created({ observer: { [LONG]: () => {} } }),
  'a library': created({ libraries: { [LONG]: 1 } }),
  'a library that does not parse': created({ libraries: { [LONG]: { source: ')' } } }),
  'a file of a library': created({ libraries: { a: { file: LONG } } }),
  'an option of a library': created({ libraries: { a: { source: '', [LONG]: 1 } } }),
  'an option of a call': executed({}, { [LONG]: 1 }),
  'a limit of a call': executed({}, { limits: { [LONG]: 1 } }),
  'a key of the context': executed({ [LONG]: 1 }),
  'a capability': executed({ capabilities: [LONG] }),
  'the name of an extension': executed({ extensionRegistry: { [LONG]: 1 } }),
  'a method of an extension': executed({ extensionRegistry: { a: [LONG, 1] } }),
  'a tenant': executed({}, { tenant: { [LONG]: 1 } }),
  'a value that cannot be passed': executed({ args: { [LONG]: () => 1 } }),
  'a key of the state that cannot be passed': executed({
    stateSnapshot: { [LONG]: () => 1 },
    capabilities: ['state:read:*'],
  }),
  'a name of a file': executed({}, { filename: `\n${LONG}` }),
  'an extension of a run': ran({ extensions: { [LONG]: 1 } }),
  'an option of a run': ran({ extensions: {}, [LONG]: 1 }),
  'an id of a suspension': () => runtime.resumeHandler(LONG, []),
  'an id of a call': resumed([{ callId: LONG, success: true }]),
  'an answer that cannot be passed': resumed([{ callId: 'c1', success: true, value: { [LONG]: () => 1 } }]),
  'an option that throws': executed({
    get args() {
      throw new Error(LONG);
    },
  }),
  'an option of inference': async () => explainCapabilities('return 1', { [LONG]: 1 } as object),
  'a mock of a test': () => runHandler('return 1', { ext: { a: { [LONG]: 1 } } } as object),
  'an extension of a test': () => runHandler('return 1', { ext: { [LONG]: 1 } } as object),
};

describe('an error about a text of a million characters has a message that can be read', () => {
  it.each(Object.keys(WRONG))('%s', async (what) => {
    const error = await Promise.resolve()
      .then(WRONG[what])
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(NexusError);
    const { message, context } = error as NexusError;
    expect(message.length).toBeLessThan(MAX_MESSAGE);
    for (const name of ['option', 'field', 'path']) expect(String(context[name]).length).toBeLessThan(MAX_MESSAGE);
  });
});
