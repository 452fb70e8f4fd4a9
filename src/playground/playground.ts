import { relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Extension } from '../api/extension.js';
import { HANDLER_TYPES_URL } from '../assets.js';
import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { methodNamesOf } from '../execution/request/build-request.js';
import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import { loadCompiler } from '../typescript/compiler.js';
import { HandlerLanguage } from '../typescript/handler-language.js';
import type { Inputs, ProjectView, RunEvent } from './contract.js';
import { type DevRoute, DevServer, type EventWriter } from './dev-server.js';
import { HandlerFiles } from './files.js';
import { analyse } from './language/analyse.js';
import { globalsFor } from './language/globals.js';
import { plainCompletions } from './language/plain-completions.js';
import { objectOf, offsetOf, runRequestOf, textOf } from './requests.js';
import { Workbench } from './workbench.js';

export interface PlaygroundOptions {
  readonly runtime: NexusRuntime;
  /** Those of a run; asked for at each. */
  readonly extensions: () => Readonly<Record<string, Extension>>;
  /** The folder of the handlers. */
  readonly root: string;
  /** The handler that is opened first, by its name in the folder. */
  readonly file?: string | undefined;
  /** A recording that is opened first. */
  readonly recording?: { readonly name: string; readonly bytes: Uint8Array } | undefined;
  readonly inputs: Inputs;
  readonly port: number;
}

export interface Playground {
  /** With the token. */
  readonly url: string;
  /** Tells the page that the extensions are others now. */
  changed(): void;
  close(): Promise<void>;
}

/** Serves the playground. @throws NexusError INVALID_CONFIG for the port, INVALID_ARGUMENT for the recording */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const { runtime, extensions, root, inputs, port } = options;
  const bench = new Workbench(runtime, extensions);
  const opened = options.recording && (await bench.open(options.recording.bytes, options.recording.name));
  const files = new HandlerFiles(root);
  const compiler = await loadCompiler('The playground').catch(() => undefined);
  const newLanguage = () =>
    compiler &&
    new HandlerLanguage({
      compiler,
      handlerTypes: fileURLToPath(HANDLER_TYPES_URL),
      declarations: globalsFor(extensions()),
    });
  let language = newLanguage();
  const fromHere = relative('.', files.root);
  const base = (fromHere.startsWith('..') ? files.root : fromHere).split(sep).join('/');
  const readers = new Set<EventWriter>();
  const tell = (event: string, data: unknown) => {
    for (const reader of readers) reader.send(event, data);
  };
  const project = async (): Promise<ProjectView> => ({
    files: await files.list(),
    base: base === '' ? '' : `${base}/`,
    ...(options.file !== undefined && { file: options.file }),
    ...(opened !== undefined && { recording: opened.recording }),
    extensions: methodsOf(extensions()),
    ...(compiler !== undefined && { typescript: compiler.version }),
    inputs,
  });
  const routes: Readonly<Record<string, DevRoute>> = {
    'GET /ui/session': () => ({ json: { scopes: ['execute'], pages: ['playground'] } }),
    'GET /playground/project': async () => ({ json: await project() }),
    'GET /playground/opened': () => ({ json: opened ?? null }),
    'GET /playground/changes': ({ events, signal }) => {
      const reader = events();
      readers.add(reader);
      signal.addEventListener('abort', () => readers.delete(reader));
      reader.send('hello', {});
      return undefined;
    },
    'GET /playground/file': async ({ query }) => ({ json: await files.read(query.get('name') ?? '') }),
    'PUT /playground/file': async (request) => {
      const body = objectOf(await request.json());
      const name = textOf(body, 'name');
      const written = await files.write(name, textOf(body, 'text'), textOf(body, 'version'));
      return { json: written === undefined ? { isChanged: true } : { version: written.version } };
    },
    'POST /playground/run': async (request) => {
      const given = runRequestOf(objectOf(await request.json()));
      const writer = request.events();
      const send = (event: RunEvent) => writer.send(event.kind, event);
      try {
        await bench.run(given, send, request.signal);
      } catch (error) {
        send(refusalOf(error));
      }
      writer.end();
      return undefined;
    },
    'POST /playground/analyse': async (request) => {
      const body = objectOf(await request.json());
      const filename = textOf(body, 'filename');
      return { json: analyse(textOf(body, 'code'), filename, language, pathOf(filename)) };
    },
    'POST /playground/complete': async (request) => {
      const body = objectOf(await request.json());
      const code = textOf(body, 'code');
      const path = pathOf(textOf(body, 'filename'));
      const offset = offsetOf(body, code);
      const options =
        language === undefined
          ? plainCompletions(code, offset, methodsOf(extensions()))
          : language.completions(path, code, offset);
      return { json: { options } };
    },
    'POST /playground/hover': async (request) => {
      const body = objectOf(await request.json());
      const code = textOf(body, 'code');
      const path = pathOf(textOf(body, 'filename'));
      return { json: language?.hint(path, code, offsetOf(body, code)) ?? null };
    },
    'POST /playground/recordings': async (request) => {
      const name = (request.query.get('name') ?? 'the file').slice(0, 200);
      return { json: await bench.open(await request.bytes(), name) };
    },
    'GET /playground/recording': async ({ query }) => bench.save(query.get('id') ?? ''),
    'GET /playground/test': async ({ query }) => {
      const framework = query.get('framework') ?? 'node';
      if (framework !== 'node' && framework !== 'vitest')
        throw invalidArgument('framework', framework, '"node" or "vitest"');
      return { json: { code: bench.test(query.get('id') ?? '', framework, query.get('file') ?? undefined) } };
    },
  };
  const server = new DevServer(routes);
  const url = await server.listen(port);
  files.watch((names) => tell('files', { names }));
  return {
    url,
    changed() {
      language = newLanguage();
      tell('extensions', {});
    },
    async close() {
      files.close();
      await server.close();
    },
  };
}

function methodsOf(extensions: Readonly<Record<string, Extension>>): ProjectView['extensions'] {
  return Object.fromEntries(Object.entries(extensions).map(([name, one]) => [name, methodNamesOf(one)]));
}

function refusalOf(error: unknown): RunEvent {
  if (!(error instanceof NexusError)) throw error;
  const { field } = error.context;
  return { kind: 'refused', message: error.message, ...(typeof field === 'string' && { field }) };
}

/** Where the types of a handler are looked for. A recording may name any file. */
function pathOf(filename: string): string {
  return resolve(filename.replaceAll('\0', ''));
}
