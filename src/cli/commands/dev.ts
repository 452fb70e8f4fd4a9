import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import type { Extension } from '../../api/extension.js';
import { integer } from '../../config/check.js';
import type { Command, CommandCall } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { reportFailure } from '../failure.js';
import { usageError } from '../parse-command-line.js';
import { endSignal } from '../support/end-signal.js';
import { loadExtensions } from '../support/extensions.js';
import { jsonOption } from '../support/json-input.js';
import { cannotRead, isDirectory, readBytes } from '../support/read-file.js';
import { onChange } from '../support/watch-files.js';

const DEFAULT_PORT = 8788;
const DEFAULT_FOLDER = 'handlers';
const RECORDING = /\.nxrec$/;

export const dev: Command = {
  name: 'dev',
  summary:
    'Opens the playground in a browser of this machine: edit handlers, run them on save, step through recordings.',
  usage: '[FILE|DIR] [options]',
  arguments: { min: 0, max: 1 },
  options: {
    args: { type: 'string', value: 'JSON|@FILE', doc: "the handler's $args, at first" },
    state: { type: 'string', value: 'JSON|@FILE', doc: "the handler's $state, at first" },
    scope: { type: 'string', value: 'JSON|@FILE', doc: "the handler's $scope, at first" },
    ext: { type: 'string', value: 'FILE', doc: 'a module that exports extensions by name; read again when it changes' },
    port: { type: 'string', value: 'NUMBER', doc: `the port, 0 for any that is free; default: ${DEFAULT_PORT}` },
  },
  runtimeOptions: ['cache', 'limits', 'pool', 'runtime'],
  examples: [
    ['nexus dev', 'the handlers of the folder handlers, or of this one'],
    ['nexus dev handlers/greet.js --ext mocks.mjs --args \'{ "id": 1 }\'', 'one of them, with its input'],
    ['nexus dev failures/order.nxrec', 'what happened in production, step by step'],
  ],
  run: async (call) => {
    const { options, configuration, terminal } = call;
    const port = portOf(options.text('port'));
    const place = await placeOf(call.positionals[0]);
    const inputs = {
      args: await input(call, 'args'),
      state: await input(call, 'state'),
      scope: await input(call, 'scope'),
    };
    const extensions = await Extensions.load(call);
    const [{ createRuntime }, { startPlayground }] = await Promise.all([
      import('../../index.js'),
      import('../../playground/playground.js'),
    ]);
    const ended = endSignal(terminal.isJson ? () => {} : (text) => terminal.note(text));
    const runtime = await createRuntime({ minInstances: 1, ...(await configuration.runtime()) });
    try {
      const playground = await startPlayground({
        ...place,
        runtime,
        inputs,
        port,
        extensions: () => extensions.current,
      });
      // The first run is then as fast as the others.
      runtime.warmup().catch(() => {});
      extensions.watch(() => playground.changed());
      terminal.json({ url: playground.url, root: place.root });
      terminal.note(`The playground is at ${terminal.noteStyle('bold', playground.url)}`);
      terminal.note(
        'The address has a token in it: whoever has it can run handlers and edit those files. Ctrl-C ends.',
      );
      await ended;
      extensions.close();
      await playground.close();
      return EXIT.ok;
    } finally {
      await runtime.shutdown({ drainTimeoutMs: 1_000 });
    }
  },
};

/** The folder that is served, and what is opened first. */
async function placeOf(given: string | undefined) {
  const path = given ?? ((await isDirectory(DEFAULT_FOLDER)) ? DEFAULT_FOLDER : '.');
  const found = await stat(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  if (found.isDirectory()) return { root: resolve(path) };
  if (RECORDING.test(path))
    return { root: resolve('.'), recording: { name: basename(path), bytes: await readBytes(path) } };
  if (!/\.[cm]?[jt]s$/.test(path))
    throw usageError(dev, `${path} is neither a handler, nor a folder, nor a recording.`);
  return { root: resolve(dirname(path)), file: basename(path) };
}

/** As JSON text, checked. */
async function input({ options }: CommandCall, name: string): Promise<string> {
  const text = options.text(name);
  if (text === undefined) return '';
  return JSON.stringify(await jsonOption(name, text), undefined, 2);
}

function portOf(text: string | undefined): number {
  if (text !== undefined && !/^\d+$/.test(text)) throw usageError(dev, `--port ${text} is not a number.`);
  return integer('port', text === undefined ? undefined : Number(text), DEFAULT_PORT, { min: 0, max: 65_535 });
}

/** Those of the configuration, or of a file that may be edited meanwhile. */
class Extensions {
  current: Readonly<Record<string, Extension>>;
  readonly #call: CommandCall;
  readonly #path: string | undefined;
  #round = 0;
  #close: () => void = () => {};

  private constructor(call: CommandCall, path: string | undefined, current: Readonly<Record<string, Extension>>) {
    this.#call = call;
    this.#path = path;
    this.current = current;
  }

  static async load(call: CommandCall): Promise<Extensions> {
    const path = call.options.text('ext');
    const current = path === undefined ? (await call.configuration.file()).extensions : await loadExtensions(path);
    return new Extensions(call, path, current ?? {});
  }

  watch(onRead: () => void): void {
    const path = this.#path;
    if (path === undefined) return;
    const read = async () => {
      const { terminal, options } = this.#call;
      try {
        this.current = await loadExtensions(path, `?${++this.#round}`);
        onRead();
      } catch (error) {
        reportFailure(error, terminal, options.flag('debug'));
      }
    };
    this.#close = onChange([path], () => void read(), { persistent: false });
  }

  close(): void {
    this.#close();
  }
}
