import type { BuildOptions, BuildProgress, BuildReport } from '../../build/index.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { Command, CommandCall } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { reportFailure } from '../failure.js';
import { usageError } from '../parse-command-line.js';
import { printable, printableName, type Terminal } from '../terminal.js';

export const build: Command = {
  name: 'build',
  summary:
    'Builds handlers: bundles each with what it imports, compiles it, and writes artifacts and a manifest. Handlers that fail do not stop the others, and only what has changed is built.',
  usage: '[PATTERN…] --out-dir DIR',
  arguments: { min: 0, max: Number.POSITIVE_INFINITY },
  options: {
    'out-dir': { type: 'string', value: 'DIR', doc: 'folder for artifacts and manifest.json' },
    root: { type: 'string', value: 'DIR', doc: 'folder of the sources; default: the working directory' },
    exclude: { type: 'string', multiple: true, value: 'PATTERN', doc: 'files that are no handlers' },
    package: { type: 'string', multiple: true, value: 'NAME', doc: 'a package that handlers may import' },
    hoist: { type: 'string', value: 'shared|all|none', doc: 'which packages become libraries of a shared image' },
    lock: { type: 'string', value: 'FILE|false', doc: 'the lock file of packages; default: nexus.lock' },
    'update-lock': { type: 'boolean', doc: 'accept packages that differ from the lock file' },
    concurrency: { type: 'string', value: 'NUMBER', doc: 'handlers that are compiled at the same time' },
    force: { type: 'boolean', doc: 'build again what has not changed' },
    watch: { type: 'boolean', doc: 'build again whenever a file changes' },
  },
  runtimeOptions: ['cache'],
  examples: [
    ["nexus build 'handlers/**/*.{js,ts}' --out-dir out", 'a folder of handlers'],
    ["nexus build 'handlers/**/*.ts' --out-dir out --package lodash-es --watch", 'with a package, at each change'],
  ],
  run: async (call) => {
    const { terminal } = call;
    const options = await optionsOf(call);
    const { buildHandlers, watchBuild } = await import('../../build/index.js');
    if (call.options.flag('watch')) {
      watchBuild(options, (built) => {
        if ('report' in built) show(terminal, built.report);
        else reportFailure(built.error, terminal, call.options.flag('debug'));
      });
      return new Promise<never>(() => {});
    }
    const interruption = new AbortController();
    const progress = terminal.progress();
    let last: BuildProgress | undefined;
    const onInterrupt = () => interruption.abort(new Error('Ctrl-C'));
    process.once('SIGINT', onInterrupt);
    process.once('SIGTERM', onInterrupt);
    try {
      const report = await buildHandlers({
        ...options,
        signal: interruption.signal,
        onProgress: (step) => {
          last = step;
          progress.show(step.done, step.total, step.name);
        },
      });
      progress.clear();
      return show(terminal, report);
    } catch (error) {
      progress.clear();
      if (!interruption.signal.aborted) throw error;
      const { done = 0, total = 0 } = last ?? {};
      throw new NexusError(
        'CANCELLED',
        `Interrupted after ${done} of ${total} handlers. Run the same command again to go on: what is built is kept.`,
      );
    }
  },
};

async function optionsOf({ options, positionals, configuration }: CommandCall): Promise<BuildOptions> {
  const { build: inFile = {}, runtime: ofRuntime = {} } = await configuration.file();
  // What the command line and the environment say has precedence over build.… of the file, and this over runtime.… of it.
  const { cacheSecret, wrap, maxSourceBytes } = { ...ofRuntime, ...inFile, ...configuration.outside() };
  const lock = options.text('lock');
  const concurrency = options.text('concurrency');
  if (concurrency !== undefined && !/^[1-9]\d*$/.test(concurrency))
    throw usageError(build, `--concurrency ${concurrency} is not a whole number from 1.`);
  const given: Readonly<Record<string, unknown>> = {
    ...inFile,
    cacheSecret,
    wrap,
    maxSourceBytes,
    ...(positionals.length > 0 && { include: [...positionals] }),
    ...only('outDir', options.text('out-dir')),
    ...only('root', options.text('root')),
    ...only('hoist', options.text('hoist')),
    ...only('lock', lock === 'false' ? false : lock),
    ...only('concurrency', concurrency === undefined ? undefined : Number(concurrency)),
    ...(options.list('exclude').length > 0 && { exclude: options.list('exclude') }),
    ...(options.list('package').length > 0 && { packages: options.list('package') }),
    ...(options.flag('update-lock') && { updateLock: true }),
    ...(options.flag('force') && { force: true }),
  };
  const found = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (!('include' in found))
    throw usageError(build, "It needs a pattern, such as 'handlers/**/*.ts', or build.include in the configuration.");
  if (!('outDir' in found)) throw usageError(build, 'It needs --out-dir DIR, or build.outDir in the configuration.');
  return found as unknown as BuildOptions;
}

function only(name: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [name]: value };
}

function show(terminal: Terminal, { built, unchanged, failures, manifestPath }: BuildReport): number {
  terminal.json({ manifestPath, built, unchanged, failures });
  for (const { file, error } of failures) {
    const place =
      error.location === undefined
        ? file
        : `${error.location.file ?? file}:${error.location.line}:${error.location.column}`;
    terminal.note(`${terminal.noteStyle('red', printableName(place))} ${error.code}: ${printable(error.message)}`);
    if (error.snippet !== undefined) terminal.note(printable(error.snippet));
  }
  const failed = failures.length === 0 ? '' : `, ${terminal.style('red', `${failures.length} failed`)}`;
  terminal.out(`${built.length} built, ${unchanged.length} unchanged${failed}: ${manifestPath}`);
  return failures.length === 0 ? EXIT.ok : EXIT.guest;
}
