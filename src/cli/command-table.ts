import { nearest } from '../config/nearest.js';
import { NexusError } from '../errors/nexus-error.js';
import type { Command } from './command.js';

interface Entry {
  readonly summary: string;
  /** Only the module of the command that is called is loaded. */
  readonly load: () => Promise<Command>;
}

/** The commands, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  run: { summary: 'run a handler', load: async () => (await import('./commands/run.js')).run },
  dev: {
    summary: 'open the playground: edit, run, step through recordings',
    load: async () => (await import('./commands/dev.js')).dev,
  },
  check: {
    summary: 'check handlers: syntax, types, capabilities, sizes',
    load: async () => (await import('./commands/check.js')).check,
  },
  infer: {
    summary: 'list the capabilities that a handler needs, and why',
    load: async () => (await import('./commands/infer.js')).infer,
  },
  build: {
    summary: 'build handlers into artifacts and a manifest',
    load: async () => (await import('./commands/build.js')).build,
  },
  inspect: {
    summary: 'describe an artifact, a recording or an envelope',
    load: async () => (await import('./commands/inspect.js')).inspect,
  },
  replay: {
    summary: 'execute a recording again and compare',
    load: async () => (await import('./commands/replay.js')).replay,
  },
  cache: {
    summary: 'look after the cache of compiled handlers',
    load: async () => (await import('./commands/cache.js')).cache,
  },
  runs: {
    summary: 'list, show, answer and cancel durable runs',
    load: async () => (await import('./commands/runs.js')).runs,
  },
  serve: { summary: 'serve handlers over HTTP', load: async () => (await import('./commands/serve.js')).serve },
  mcp: {
    summary: 'serve servers of MCP, or an OpenAPI document, as two tools that run programs',
    load: async () => (await import('./commands/mcp.js')).mcp,
  },
  init: {
    summary: 'create the files that an editor and a build need',
    load: async () => (await import('./commands/init.js')).init,
  },
  doctor: {
    summary: 'check this machine and the configuration',
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  bench: { summary: 'measure this machine', load: async () => (await import('./commands/bench.js')).bench },
};

/** @throws NexusError INVALID_ARGUMENT naming the nearest command */
export function loadCommand(name: string): Promise<Command> {
  if (Object.hasOwn(COMMANDS, name)) return (COMMANDS[name] as Entry).load();
  if (name.startsWith('-'))
    throw new NexusError(
      'INVALID_ARGUMENT',
      `${name} stands before the command: nexus COMMAND ${name}. See nexus --help.`,
    );
  const found = nearest(name, Object.keys(COMMANDS));
  const suggestion = found === undefined ? '' : ` Did you mean ${found}?`;
  throw new NexusError(
    'INVALID_ARGUMENT',
    `There is no command ${JSON.stringify(name)}.${suggestion} See nexus --help.`,
  );
}
