// A handler that was suspended in an executor of this thread, and the data to perform each part of that
// separately.
import { createHash } from 'node:crypto';
import { resolveRuntimeConfig } from '../../build/config/resolve.js';
import { buildBaseImage, createExecutionVm } from '../../build/engine/image/base-image.js';
import { encodeAnswers } from '../../build/execution/request/answers.js';
import { prepareRequest } from '../../build/execution/request/build-request.js';
import { readOutcome } from '../../build/execution/result/outcome.js';
import { addUsage, NO_USAGE } from '../../build/execution/usage.js';
import { ABI_VERSION } from '../../build/guest/abi.js';
import { wrapHandler } from '../../build/source/wrapper.js';
import { referenceExecutor } from '../work/executor.mjs';

const MIB = 1024 * 1024;
// One call that waits for the application, like an HTTP request.
export const REFERENCE = `
const user = await $ext.http.get('/users/' + $args.id);
$state.name = user.name;
return user.name;
`;
/** Keeps records until its heap has grown by \`$args.bytes\`: some 140 bytes each, with separate strings. */
export const GROWN = `
const kept = [];
for (let i = 0; i < $args.bytes / 140; i++) kept.push({ id: i, name: 'customer ' + i * 7919, total: i * 12.5 });
const user = await $ext.http.get('/users/' + kept.length);
return user.name;
`;
const ANSWER = { name: 'Ada' };
const CONTEXT = {
  stateSnapshot: { count: 5, user: { name: 'Ada', roles: ['admin', 'author'] } },
  args: { id: 7 },
  scope: {},
  capabilities: ['state:read:*', 'state:write:*', 'ext:http.get'],
};

const config = resolveRuntimeConfig({});
const vmLimits = { memoryLimitBytes: 256 * MIB, stackSizeBytes: 512 * 1024 };
const { engine, prelude, executor } = await referenceExecutor({ vmLimits });
/** A separate VM, to perform the parts of an execution one by one. */
export const vm = await createExecutionVm(engine, vmLimits, 64 * MIB);
export const { image } = await buildBaseImage(vm, prelude, [], () =>
  Promise.reject(new Error('there are no libraries')),
);

/** A handler, the data for suspending it, and the result. */
export async function prepare(source, args) {
  const { bytecode } = await executor.compileScript(wrapHandler(source), 'handler.js');
  const handler = { key: source, filename: 'handler.js', source, bytecode };
  const { request, grants } = prepareRequest({ ...CONTEXT, args }, { timeoutMs: 60_000 }, config);
  const limits = { ...request.limits, memoryLimitBytes: vmLimits.memoryLimitBytes };
  const execute = () => executor.execute({ key: source, ...request, limits }, bytecode);

  const executed = await execute();
  const outcome = await readOutcome(executed, handler, { grants, limits });
  if (outcome.status !== 'suspended') throw new Error(`expected a suspended handler: ${JSON.stringify(outcome)}`);
  const { snapshot, imageHash, features, memoryUsedBytes } = executed;
  const { capabilities } = CONTEXT;
  const origin = { handlerName: 'reference' };
  const usage = addUsage(NO_USAGE, outcome, { instructionCount: executed.instructionCount, durationUs: 0 });
  const calls = outcome.calls.map(({ callId, extensionName, method }) => ({ callId, extensionName, method }));
  const described = { key: createHash('sha256').update(source).digest('hex'), filename: handler.filename, source };
  const common = { imageHash, features, snapshot, limits };
  const told = { handler: described, capabilities, usage, calls, origin, suspendedAtMs: Date.now() };
  const run = { engine: engine.fingerprint, abi: ABI_VERSION, ...common, ...told };
  const answers = encodeAnswers([{ callId: calls[0].callId, success: true, value: ANSWER }], usage, limits);
  const resumption = { key: source, ...common, answers };
  const resume = () => executor.resume(resumption);
  const resumed = await readOutcome(await resume(), handler, { grants, limits });
  if (resumed.returnValue !== ANSWER.name) throw new Error(`expected ${ANSWER.name}: ${JSON.stringify(resumed)}`);
  return { execute, resume, run, resumption, memoryUsedBytes };
}

export const fingerprint = engine.fingerprint;
