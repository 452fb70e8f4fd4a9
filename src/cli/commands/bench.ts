import { availableParallelism, cpus } from 'node:os';
import type { WasmContext } from '../../api/context.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { performance } from '../../support/timers.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { usageError } from '../parse-command-line.js';
import { durationText } from '../support/format.js';

const DEFAULT_SECONDS = 50;
const IN_FLIGHT = [1, 64];

interface Program {
  readonly name: string;
  readonly code: string;
  readonly context: WasmContext;
}

/** Small handlers, as most are; the last one computes. */
const PROGRAMS: readonly Program[] = [
  { name: 'return a value', code: 'return 1', context: {} },
  {
    name: 'read and write state',
    code: "$state.total = $args.items.reduce((sum, { price, quantity }) => sum + price * quantity, 0); $emit('priced', $state.total); return $state.total",
    context: {
      stateSnapshot: { total: 0 },
      args: { items: Array.from({ length: 20 }, (_, i) => ({ price: i, quantity: 2 })) },
      capabilities: ['state:read:*', 'state:write:*', 'events:emit:*'],
    },
  },
  {
    name: 'compute: fib(18)',
    code: 'const fib = (n) => n < 2 ? n : fib(n - 1) + fib(n - 2); return fib(18)',
    context: {},
  },
];

interface Figure {
  readonly program: string;
  readonly inFlight: number;
  readonly executionsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

export const bench: Command = {
  name: 'bench',
  summary: 'Measures this machine for a minute: executions per second and latencies of small handlers.',
  usage: '[--seconds NUMBER]',
  arguments: { min: 0, max: 0 },
  options: { seconds: { type: 'string', value: 'NUMBER', doc: `time in all; default: ${DEFAULT_SECONDS}` } },
  runtimeOptions: ['pool'],
  examples: [
    ['nexus bench', 'a figure of this machine'],
    ['nexus bench --seconds 6 --max-instances 1', 'of one worker, and less exactly'],
  ],
  run: async ({ options, terminal, configuration }) => {
    const seconds = Number(options.text('seconds') ?? DEFAULT_SECONDS);
    if (!(seconds > 0)) throw usageError(bench, `--seconds ${options.text('seconds')} is not a number above 0.`);
    const { createRuntime } = await import('../../index.js');
    const { maxInstances = availableParallelism(), ...rest } = await configuration.runtime();
    const runtime = await createRuntime({ ...rest, maxInstances, minInstances: maxInstances, cacheDir: false });
    const share = (seconds * 1000) / (PROGRAMS.length * IN_FLIGHT.length);
    const figures: Figure[] = [];
    const progress = terminal.progress();
    try {
      await runtime.warmup();
      for (const program of PROGRAMS) {
        for (const inFlight of IN_FLIGHT) {
          progress.show(figures.length, PROGRAMS.length * IN_FLIGHT.length, program.name);
          figures.push(await measure(runtime, program, inFlight, share));
        }
      }
    } finally {
      progress.clear();
      await runtime.shutdown();
    }
    const machine = {
      node: process.version,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      maxInstances,
    };
    terminal.json({ machine, figures });
    terminal.out(`Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores, ${maxInstances} workers`);
    terminal.table([
      ['handler', 'in flight', 'executions/s', 'median', 'p99'],
      ...figures.map(({ program, inFlight, executionsPerSecond, medianMs, p99Ms }) => [
        program,
        String(inFlight),
        String(Math.round(executionsPerSecond)),
        durationText(medianMs),
        durationText(p99Ms),
      ]),
    ]);
    return EXIT.ok;
  },
};

async function measure(
  runtime: NexusRuntime,
  { name, code, context }: Program,
  inFlight: number,
  ms: number,
): Promise<Figure> {
  const latencies: number[] = [];
  const started = performance.now();
  // The first fifth warms up.
  const from = started + ms / 5;
  const until = started + ms;
  const lane = async () => {
    for (let now = performance.now(); now < until; ) {
      const { error } = await runtime.executeHandler(code, context);
      if (error !== undefined) throw new Error(`${name}: ${error.message}`);
      const ended = performance.now();
      if (ended >= from) latencies.push(ended - now);
      now = ended;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const measured = performance.now() - from;
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return {
    program: name,
    inFlight,
    executionsPerSecond: (latencies.length / measured) * 1000,
    medianMs: at(0.5),
    p99Ms: at(0.99),
  };
}
