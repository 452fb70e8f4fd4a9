import type { WasmContext } from '../../api/context.js';
import type { Extension } from '../../api/extension.js';
import type { WasmResult } from '../../api/result.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import type { Command, CommandCall, GivenOptions } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { reportFailure } from '../failure.js';
import { usageError } from '../parse-command-line.js';
import { capabilitiesOf, loadExtensions } from '../support/extensions.js';
import { jsonOption } from '../support/json-input.js';
import { nameOf, readHandlerFile } from '../support/read-file.js';
import { showEffects, showEnd, showLog } from '../support/show-result.js';
import { watchFiles } from '../support/watch-files.js';

/** Begun before anything else: the engine is compiled in another thread while files are read. */
const kit = import('../../testing/index.js');
kit.catch(() => {});

export const run: Command = {
  name: 'run',
  summary: 'Runs a handler to its end and prints what it returns. Its log and its effects go to stderr.',
  usage: 'FILE [options]',
  arguments: { min: 1, max: 1 },
  options: {
    args: { type: 'string', value: 'JSON|@FILE', doc: "the handler's $args" },
    state: { type: 'string', value: 'JSON|@FILE', doc: "the handler's $state" },
    scope: { type: 'string', value: 'JSON|@FILE', doc: "the handler's $scope" },
    allow: { type: 'string', multiple: true, value: 'TOKEN', doc: 'a capability; state:* grants reading and writing' },
    ext: { type: 'string', value: 'FILE', doc: 'a module that exports extensions by name' },
    entry: { type: 'string', value: 'NAME', doc: 'the export of a module that is called' },
    seed: { type: 'string', value: 'NUMBER', doc: 'fix all randomness' },
    watch: { type: 'boolean', doc: 'run again whenever a file changes' },
    record: { type: 'boolean', doc: 'record the execution for nexus replay, as HANDLER.nxrec' },
    'record-file': { type: 'string', value: 'FILE', doc: 'record the execution there' },
    worker: {
      type: 'boolean',
      doc: 'execute in a worker, as in production: it can end any handler, and starts more slowly',
    },
  },
  runtimeOptions: ['cache', 'limits', 'pool', 'suspension', 'runtime'],
  examples: [
    [
      "nexus run handler.js --args '{ \"by\": 2 }' --state @state.json --allow 'state:*'",
      'with arguments, state and capabilities',
    ],
    ['nexus run order.ts --ext mocks.mjs --allow ext:orders.find,events:emit:*', 'with extensions of a module'],
    ['nexus run handler.js --watch', 'again at each change'],
    ["echo 'return 6 * 7' | nexus run -", 'from the standard input'],
  ],
  run: async (call) => {
    const { options, configuration, terminal } = call;
    const seed = options.text('seed');
    if (seed !== undefined && !Number.isFinite(Number(seed))) throw usageError(run, `--seed ${seed} is not a number.`);
    const isWatching = options.flag('watch');
    if (isWatching && call.positionals[0] === '-') throw usageError(run, 'The standard input cannot be watched.');
    const starting = start(options, await configuration.runtime(), recordingFile(call));
    starting.catch(() => {});
    const execution = new Execution(call, seed === undefined ? undefined : Number(seed));
    if (!isWatching) {
      const code = await execution.once(starting);
      await (await starting).shutdown();
      return code;
    }
    const runtime = await starting;
    return watchFiles(execution.files, async (round) => {
      await execution
        .once(Promise.resolve(runtime), round)
        .catch((error: unknown) => reportFailure(error, terminal, options.flag('debug')));
      terminal.note(terminal.noteStyle('dim', 'waiting for a change; Ctrl-C ends'));
    });
  },
};

/** One handler, executed once or at each change of its files. */
class Execution {
  readonly #call: CommandCall;
  readonly #seed: number | undefined;

  constructor(call: CommandCall, seed: number | undefined) {
    this.#call = call;
    this.#seed = seed;
  }

  /** What it is made from. */
  get files(): string[] {
    const { options, positionals } = this.#call;
    const inputs = ['args', 'state', 'scope'].map((name) => options.text(name)).filter((text) => text?.startsWith('@'));
    return [...positionals, ...inputs.map((text) => (text as string).slice(1)), ...[options.text('ext') ?? []].flat()];
  }

  /** @returns the exit code */
  async once(starting: Promise<NexusRuntime>, round = 0): Promise<number> {
    const { options, positionals, terminal } = this.#call;
    const handler = await readHandlerFile(positionals[0] as string);
    const context = await contextOf(options);
    const entry = options.text('entry');
    const isQuiet = terminal.isJson;
    const runOptions: RunOptions = {
      extensions: await this.#extensions(round),
      ...(handler.source !== undefined && { filename: handler.filename }),
      ...(entry !== undefined && { entry }),
      ...(this.#seed !== undefined && { seed: this.#seed }),
      ...(!isQuiet && {
        onLog: (line) => showLog(terminal, line),
        onEffects: (effects) => showEffects(terminal, effects),
      }),
    };
    const runtime = await starting;
    const result: WasmResult = await runtime.run(handler.source ?? handler.artifact, context, runOptions);
    terminal.json(result);
    if (!isQuiet) showEnd(terminal, result);
    return result.status === 'success' ? EXIT.ok : EXIT.guest;
  }

  async #extensions(round: number): Promise<Readonly<Record<string, Extension>>> {
    const path = this.#call.options.text('ext');
    if (path !== undefined) return loadExtensions(path, round === 0 ? '' : `?${round}`);
    return (await this.#call.configuration.file()).extensions ?? {};
  }
}

async function contextOf(options: GivenOptions): Promise<WasmContext> {
  const read = async (name: string) => {
    const text = options.text(name);
    return text === undefined ? undefined : jsonOption(name, text);
  };
  const [args, stateSnapshot, scope] = [await read('args'), await read('state'), await read('scope')];
  return {
    ...(args !== undefined && { args }),
    ...(stateSnapshot !== undefined && { stateSnapshot: stateSnapshot as object }),
    ...(scope !== undefined && { scope }),
    capabilities: capabilitiesOf(options.list('allow')),
  };
}

/**
 * Without a worker the start takes half the time, which is most of a short run. What a VM enforces holds there as well; only a native
 * loop that asks nobody cannot be ended, but by Ctrl-C.
 */
async function start(options: GivenOptions, config: object, file: string | undefined): Promise<NexusRuntime> {
  const [{ createTestRuntime, record }, create] = await Promise.all([
    kit,
    options.flag('worker') ? import('../../index.js') : undefined,
  ]);
  const runtime = await (create?.createRuntime(config) ?? createTestRuntime({ ...config, deterministic: false }));
  return file === undefined ? runtime : record(runtime, { file });
}

function recordingFile({ options, positionals }: CommandCall): string | undefined {
  const given = options.text('record-file');
  if (given !== undefined || !options.flag('record')) return given;
  const [path = ''] = positionals;
  return `${
    path === '-'
      ? 'handler'
      : nameOf(path)
          .replace(/\.\w+$/, '')
          .replace(/^.*\//, '')
  }.nxrec`;
}
