import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { RuntimeOptions } from '../../api/options.js';
import { NexusError } from '../../errors/nexus-error.js';
import { performance } from '../../support/timers.js';
import type { Command, CommandCall } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { bytesText, durationText } from '../support/format.js';
import { withRuntime } from '../support/open-runtime.js';
import { isDirectory } from '../support/read-file.js';
import { withStore } from '../support/server-store.js';
import type { Style } from '../terminal.js';

/** What one check found. */
interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'note' | 'fault';
  readonly message: string;
}

const MARKS: Readonly<Record<Finding['status'], readonly [style: Style, mark: string]>> = {
  ok: ['green', 'ok   '],
  note: ['yellow', 'note '],
  fault: ['red', 'fault'],
};

export const doctor: Command = {
  name: 'doctor',
  summary:
    'Checks this machine and the configuration: Node, the engine, the cache, stores, optional packages, and handlers that must be stopped.',
  usage: '',
  arguments: { min: 0, max: 0 },
  options: {},
  runtimeOptions: ['cache', 'suspension'],
  examples: [
    ['nexus doctor', 'is this machine fit?'],
    ['nexus doctor --json', 'for a report of a fault'],
  ],
  run: async ({ terminal, configuration }: CommandCall) => {
    const findings: Finding[] = [];
    const check = async (name: string, look: () => Promise<Omit<Finding, 'check'>>) => {
      const found = await look().catch((error: unknown) => ({
        status: 'fault' as const,
        message: error instanceof Error ? error.message : String(error),
      }));
      findings.push({ check: name, ...found });
      const [style, mark] = MARKS[found.status];
      terminal.out(`${terminal.style(style, mark)} ${name.padEnd(12)} ${found.message}`);
    };
    let options: RuntimeOptions = {};
    let isRead = false;
    await check('machine', async () =>
      ok(
        `Node ${process.version} on ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${bytesText(totalmem())}`,
      ),
    );
    await check('configuration', async () => {
      options = await configuration.runtime();
      isRead = true;
      return ok(
        `${Object.keys(options).length} options set: ${Object.keys(options).join(', ') || 'all have their defaults'}`,
      );
    });
    await check('cache', () => checkCache(options.cacheDir));
    await check('store', () =>
      isRead ? withStore(configuration, { migrate: false }, checkStore) : checkStore(options),
    );
    for (const [name, purpose] of OPTIONAL) await check(name, () => checkPackage(name, purpose));
    await check('self-test', selfTest);
    const faults = findings.filter(({ status }) => status === 'fault');
    terminal.json({ ok: faults.length === 0, findings });
    terminal.out(
      faults.length === 0 ? 'Everything is fit.' : `${faults.length} fault${faults.length === 1 ? '' : 's'}`,
    );
    return faults.length === 0 ? EXIT.ok : EXIT.host;
  },
};

const OPTIONAL = [
  ['esbuild', 'for nexus build, and for libraries and imports of packages'],
  ['typescript', 'for types in nexus check'],
  ['ioredis', 'for a store in Redis'],
  ['pg', 'for a store in PostgreSQL'],
] as const;

function ok(message: string): Omit<Finding, 'check'> {
  return { status: 'ok', message };
}

/** Nothing is created: the folder in which the directory would be must be writable. */
async function checkCache(cacheDir: string | false = '.nexus-cache'): Promise<Omit<Finding, 'check'>> {
  if (cacheDir === false)
    return { status: 'note', message: 'off (cacheDir: false): every process compiles its handlers' };
  const directory = resolve(cacheDir);
  for (let place = directory; ; place = dirname(place)) {
    const found = await stat(place).catch(() => undefined);
    if (found === undefined) continue;
    if (!found.isDirectory())
      throw new NexusError('INVALID_CONFIG', `${place} is not a directory; choose another one with --cache-dir`);
    const isWritable = await access(place, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isWritable)
      throw new NexusError(
        'INVALID_CONFIG',
        `${place} may not be written by this user: handlers are compiled in every process. Choose another directory with --cache-dir`,
      );
    const mode = found.mode & 0o777;
    const isShared = place === directory && (mode & 0o077) !== 0;
    if (isShared)
      throw new NexusError(
        'INVALID_CONFIG',
        `${place} is open to other users (mode ${mode.toString(8)}): chmod 700 ${place}`,
      );
    return ok(place === directory ? directory : `${directory}, to be created`);
  }
}

async function checkStore(options: RuntimeOptions): Promise<Omit<Finding, 'check'>> {
  if (options.suspensionDir === undefined && options.suspensionStore === undefined) {
    return ok('none: suspended handlers are kept in memory');
  }
  const { suspensionDir } = options;
  if (suspensionDir !== undefined && !(await isDirectory(suspensionDir)))
    return { status: 'note', message: `${resolve(suspensionDir)}, to be created` };
  const started = performance.now();
  const count = await withRuntime({ ...options, cacheDir: false }, async (runtime) => {
    let found = 0;
    for await (const _ of runtime.listSuspensions({ states: ['suspended', 'resuming'] })) found++;
    return found;
  });
  const secret =
    options.suspensionSecret === undefined
      ? '; without suspensionSecret, who can read it can read the data of handlers'
      : '';
  return {
    status: secret === '' ? 'ok' : 'note',
    message: `${count} handlers wait, listed in ${durationText(performance.now() - started)}${secret}`,
  };
}

async function checkPackage(name: (typeof OPTIONAL)[number][0], purpose: string): Promise<Omit<Finding, 'check'>> {
  const module = (await import(name).catch(() => undefined)) as
    | { readonly version?: string; readonly default?: { readonly version?: string } }
    | undefined;
  if (module === undefined) return { status: 'note', message: `not installed; needed ${purpose}` };
  return ok(`${module.version ?? module.default?.version ?? 'installed'}, ${purpose}`);
}

const ENDLESS = 'for (;;);';
/** Asks no interrupt for a long time: only ending its worker stops it. */
const HUNGRY = 'const all = []; for (;;) all.push(new Uint8Array(1024 * 1024));';
const TIMEOUT_MS = 100;

/** In workers, as in production. */
async function selfTest(): Promise<Omit<Finding, 'check'>> {
  const { createRuntime } = await import('../../index.js');
  const started = performance.now();
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, timeoutMs: TIMEOUT_MS });
  try {
    const first = await runtime.executeHandler('return $args + 1', { args: 1 }, { timeoutMs: 5_000 });
    if (first.returnValue !== 2)
      throw new NexusError('INTERNAL_ERROR', `1 + 1 gave ${String(first.returnValue)}: ${first.error?.message}`);
    const startMs = performance.now() - started;
    const again = performance.now();
    await runtime.executeHandler('return $args + 1', { args: 1 });
    const laterMs = performance.now() - again;
    const stops = await Promise.all([
      runtime.executeHandler(ENDLESS),
      runtime.executeHandler(HUNGRY, {}, { timeoutMs: 5_000 }),
    ]);
    const codes = stops.map(({ error }) => error?.code);
    if (codes[0] !== 'TIMEOUT' || codes[1] !== 'MEMORY_LIMIT') {
      throw new NexusError(
        'INTERNAL_ERROR',
        `an endless handler gave ${codes[0]}, and one that takes all memory ${codes[1]}`,
      );
    }
    return ok(
      `first result after ${durationText(startMs)}, the next in ${durationText(laterMs)}; endless and hungry handlers were stopped`,
    );
  } finally {
    await runtime.shutdown();
  }
}
