import type { AsyncResult } from '../../api/answers.js';
import { NexusError } from '../../errors/nexus-error.js';
import { toJson } from '../../execution/result/to-json.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { Command, CommandCall } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { actionOf, requireTaken, usageError } from '../parse-command-line.js';
import { jsonOption } from '../support/json-input.js';
import { withRuntime } from '../support/open-runtime.js';
import { isDirectory } from '../support/read-file.js';
import { withStore } from '../support/server-store.js';
import { printable } from '../terminal.js';

type Action = (runtime: NexusRuntime, call: CommandCall) => Promise<number>;

/** Actions, with the arguments that each takes. */
const ACTIONS: Readonly<Record<string, { readonly takes: readonly string[]; readonly act: Action }>> = {
  ls: { takes: [], act: list },
  show: { takes: ['RUN'], act: show },
  answer: { takes: ['RUN:CALL'], act: answer },
  signal: { takes: ['RUN', 'NAME'], act: signal },
  retry: { takes: ['RUN'], act: retry },
  cancel: { takes: ['RUN'], act: cancel },
};
const DEFAULT_LIMIT = 100;

export const runs: Command = {
  name: 'runs',
  summary:
    'Lists, shows, answers, signals, retries and cancels durable runs, in the store of the configuration or of --suspension-dir. They are executed by processes that work on the store, such as nexus serve.',
  usage: 'ls | show RUN | answer RUN:CALL --value JSON | signal RUN NAME --payload JSON | retry RUN | cancel RUN',
  arguments: { min: 1, max: 3 },
  options: {
    state: { type: 'string', value: 'waiting|ended|damaged', doc: 'ls: only these' },
    tenant: { type: 'string', value: 'NAME', doc: 'ls: only of this tenant' },
    handler: { type: 'string', value: 'NAME', doc: 'ls: only of this handler' },
    limit: { type: 'string', value: 'NUMBER', doc: `ls: how many at most; default: ${DEFAULT_LIMIT}` },
    value: { type: 'string', value: 'JSON|@FILE', doc: 'answer: the value that the call returns' },
    error: { type: 'string', value: 'MESSAGE', doc: 'answer: the error that the call throws' },
    payload: { type: 'string', value: 'JSON|@FILE', doc: 'signal: what the handler gets; default: undefined' },
    id: { type: 'string', value: 'TEXT', doc: 'signal: the same id again is the same signal; default: random' },
  },
  runtimeOptions: ['suspension'],
  examples: [
    ['nexus runs ls --suspension-dir /var/lib/nexus --state waiting', 'what waits'],
    ['nexus runs show order-7 --suspension-dir /var/lib/nexus', 'what a run waits for'],
    ['nexus runs answer order-7:c1 --value \'"approved"\' --suspension-dir /var/lib/nexus', 'answer a call'],
    [
      'nexus runs signal order-7 paid --payload \'{ "amount": 12 }\' --suspension-dir /var/lib/nexus',
      'what $signal("paid") awaits',
    ],
    ['NEXUS_STORE_URL=redis://localhost:6379 nexus runs retry order-7', 'let a run that failed go on'],
  ],
  run: async (call) => {
    const [name = '', ...rest] = call.positionals;
    const action = actionOf(runs, ACTIONS, name);
    requireTaken(runs, name, rest, action.takes);
    return withStore(call.configuration, { migrate: false }, async (options) => {
      if (options.suspensionDir === undefined && options.suspensionStore === undefined) {
        throw usageError(
          runs,
          'There is no store: give --suspension-dir DIR, NEXUS_STORE_URL, or runtime.suspensionStore in the configuration.',
        );
      }
      const { suspensionDir } = options;
      if (suspensionDir !== undefined && !(await isDirectory(suspensionDir)))
        throw usageError(runs, `There is no directory ${suspensionDir} (suspensionDir).`);
      return withRuntime({ ...options, cacheDir: false }, (runtime) => action.act(runtime, call));
    });
  },
};

async function list(runtime: NexusRuntime, { options, terminal }: CommandCall): Promise<number> {
  const limit = Number(options.text('limit') ?? DEFAULT_LIMIT);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw usageError(runs, `--limit ${options.text('limit')} is not a whole number from 1.`);
  const [state, tenant, handlerName] = [options.text('state'), options.text('tenant'), options.text('handler')];
  const filter = {
    ...(state !== undefined && { state: state as 'waiting' }),
    ...(tenant !== undefined && { tenant }),
    ...(handlerName !== undefined && { handlerName }),
  };
  const found = [];
  let isCut = false;
  for await (const run of runtime.listRuns(filter)) {
    isCut = found.length === limit;
    if (isCut) break;
    found.push(run);
  }
  terminal.json({ runs: found, isCut });
  if (found.length === 0) terminal.out('There are no runs.');
  else {
    terminal.table([
      ['run', 'state', 'tenant', 'handler', 'expires'],
      ...found.map((run) => [
        run.runId ?? run.suspensionId,
        run.outcome ?? run.state,
        run.tenant ?? '',
        run.handlerName ?? '',
        run.expiresAt?.toISOString() ?? '',
      ]),
    ]);
  }
  if (isCut) terminal.note(`These are the first ${limit}; --limit shows more.`);
  return EXIT.ok;
}

async function show(runtime: NexusRuntime, { positionals, terminal }: CommandCall): Promise<number> {
  const run = runtime.getRun(positionals[1] as string);
  const description = await run.describe();
  const result = description.state === 'ended' ? await run.result() : undefined;
  terminal.json({ ...description, ...(result !== undefined && { result }) });
  const { calls, timers, ...facts } = description;
  for (const [name, value] of Object.entries(facts)) {
    terminal.out(`${name.padEnd(14)} ${printable(value instanceof Date ? value.toISOString() : String(value))}`);
  }
  for (const { callId, extensionName, method, args } of calls) {
    terminal.out(
      `waits for      ${callId} ${printable(`${extensionName}.${method} ${toJson(args, { maxBytes: 1024 })}`)}`,
    );
  }
  for (const timer of timers) terminal.out(`timer          ${timer.toISOString()}`);
  if (result?.status === 'success')
    terminal.out(`returned       ${printable(toJson(result.returnValue, { maxBytes: 4096 }))}`);
  if (result?.status === 'error')
    terminal.out(`${terminal.style('red', result.error.code)} ${printable(result.error.message)}`);
  return EXIT.ok;
}

async function answer(runtime: NexusRuntime, { options, positionals, terminal }: CommandCall): Promise<number> {
  const [value, error] = [options.text('value'), options.text('error')];
  if ((value === undefined) === (error === undefined))
    throw usageError(runs, 'An answer is either --value JSON or --error MESSAGE.');
  const given: AsyncResult =
    value === undefined
      ? { success: false, error: new Error(error) }
      : { success: true, value: await jsonOption('value', value) };
  const [, key = ''] = positionals;
  const outcome = await runtime.completeCall(key, given);
  terminal.json({ key, outcome });
  const told: Readonly<Record<typeof outcome, string>> = {
    accepted: 'The answer is stored; who works on the store goes on with the run.',
    duplicate: 'The call has an answer already. This one was not used.',
    ended: 'The run has ended. The answer was not used.',
    unknown: 'There is no such run, or it has not made such a call. nexus runs show RUN lists its calls.',
  };
  terminal.out(told[outcome]);
  return outcome === 'accepted' || outcome === 'duplicate' ? EXIT.ok : EXIT.caller;
}

async function signal(runtime: NexusRuntime, { options, positionals, terminal }: CommandCall): Promise<number> {
  const [, runId = '', name = ''] = positionals;
  const [given, id] = [options.text('payload'), options.text('id')];
  const payload = given === undefined ? undefined : await jsonOption('payload', given);
  const outcome = await runtime.getRun(runId).signal(name, payload, id === undefined ? {} : { id });
  terminal.json({ runId, name, outcome });
  const told: Readonly<Record<typeof outcome, string>> = {
    accepted: 'The signal is stored; who works on the store goes on with the run.',
    duplicate: 'A signal of this id came before. This one was not used.',
    ended: 'The run has ended. The signal was not used.',
    unknown: 'There is no such run. nexus runs ls lists what there is.',
  };
  terminal.out(told[outcome]);
  return outcome === 'accepted' || outcome === 'duplicate' ? EXIT.ok : EXIT.caller;
}

async function retry(runtime: NexusRuntime, { positionals, terminal }: CommandCall): Promise<number> {
  const [, runId = ''] = positionals;
  const outcome = await runtime.getRun(runId).retry();
  terminal.json({ runId, outcome });
  const told: Readonly<Record<typeof outcome, string>> = {
    accepted: 'It goes on from its last good step, as soon as a process works on the store.',
    waiting: 'It has not ended: there is nothing to retry.',
    ended: 'It did not fail, or what it needs is no longer kept.',
  };
  terminal.out(told[outcome]);
  return outcome === 'accepted' ? EXIT.ok : EXIT.caller;
}

async function cancel(runtime: NexusRuntime, { positionals, terminal }: CommandCall): Promise<number> {
  const [, runId = ''] = positionals;
  const isCancelled = await runtime.getRun(runId).cancel();
  if (!isCancelled)
    throw new NexusError('INVALID_ARGUMENT', `The run ${runId} has ended, or is unknown: there is nothing to cancel.`);
  terminal.json({ runId, cancelled: true });
  terminal.out('It is told to end. What it awaits throws, so that catch and finally run.');
  return EXIT.ok;
}
