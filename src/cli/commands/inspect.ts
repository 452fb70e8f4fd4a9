import { ArtifactError, describeArtifact } from '../../cache/artifact.js';
import { resolveSecrets } from '../../config/resolve-secrets.js';
import { NexusError } from '../../errors/nexus-error.js';
import { describeEnvelope } from '../../suspension/sealed/envelope.js';
import { describeRecording } from '../../testing/recording/recording-codec.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { bytesText } from '../support/format.js';
import { nameOf, readBytes } from '../support/read-file.js';
import { printable, printableName } from '../terminal.js';

/** By the first four characters of a file. */
const KINDS: Readonly<Record<string, 'artifact' | 'recording' | 'envelope'>> = {
  NXQJ: 'artifact',
  NXRC: 'recording',
  NXSE: 'envelope',
};
const MAX_SHOWN = 200;

type Facts = Readonly<Record<string, unknown>>;

export const inspect: Command = {
  name: 'inspect',
  summary:
    'Describes a file of Nexus Runtime: a compiled handler (.qjsc), a recording (.nxrec), or the envelope of a suspended handler. Nothing of it is executed.',
  usage: 'FILE',
  arguments: { min: 1, max: 1 },
  options: { source: { type: 'boolean', doc: 'print the source in it, and nothing else' } },
  runtimeOptions: ['cache'],
  examples: [
    ['nexus inspect out/orders/create.qjsc', 'a compiled handler'],
    ['nexus inspect handler.nxrec --source', 'the source of a recorded handler'],
  ],
  run: async ({ options, positionals, terminal, configuration }) => {
    const [path = ''] = positionals;
    const bytes = await readBytes(path);
    const kind = KINDS[bytes.toString('latin1', 0, 4)];
    if (kind === undefined) {
      throw new NexusError(
        'INVALID_ARGUMENT',
        `${path} is none of an artifact, a recording and an envelope: it does not begin as they do.`,
        {
          context: { file: path },
        },
      );
    }
    const { cacheSecret } = await configuration.runtime();
    const { facts, source } = factsOf(
      kind,
      bytes,
      path,
      cacheSecret === undefined ? [] : resolveSecrets('cacheSecret', cacheSecret),
    );
    if (options.flag('source')) {
      if (source === undefined) throw new NexusError('INVALID_ARGUMENT', `${path} has no source that can be read.`);
      terminal.json({ source });
      terminal.out(printable(source));
      return EXIT.ok;
    }
    // What is in the file does not say what the file is.
    const own = { file: nameOf(path), kind, bytes: bytes.length };
    terminal.json({ ...own, ...facts, ...own });
    terminal.out(`${terminal.style('bold', nameOf(path))}  ${kind}, ${bytesText(bytes.length)}`);
    for (const [name, value] of Object.entries(facts)) {
      if (value === undefined) continue;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      terminal.out(
        `  ${printableName(name).padEnd(16)} ${printableName(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)}`,
      );
    }
    return EXIT.ok;
  },
};

function factsOf(
  kind: 'artifact' | 'recording' | 'envelope',
  bytes: Uint8Array,
  path: string,
  secrets: readonly Uint8Array[],
): { readonly facts: Facts; readonly source?: string } {
  try {
    if (kind === 'artifact') return artifactFacts(bytes, secrets);
    if (kind === 'recording') return recordingFacts(bytes);
    return envelopeFacts(bytes);
  } catch (error) {
    if (error instanceof NexusError) throw error;
    const reason =
      error instanceof ArtifactError ? `it ${error.message}` : error instanceof Error ? error.message : String(error);
    throw new NexusError('INVALID_ARTIFACT', `${path} cannot be described: ${reason}.`, {
      context: { file: path },
      cause: error,
    });
  }
}

function artifactFacts(
  bytes: Uint8Array,
  secrets: readonly Uint8Array[],
): { readonly facts: Facts; readonly source: string } {
  const { header, isIntact, sourceMapBytes } = describeArtifact(bytes, secrets);
  const { source, sourceMapDigest: _, ...facts } = header;
  const intact =
    isIntact === undefined
      ? 'not checked: it needs the variable NEXUS_CACHE_SECRET'
      : isIntact
        ? 'yes'
        : 'NO: it is damaged, or was sealed with another secret';
  return { facts: { ...facts, sourceCharacters: source.length, sourceMapBytes, intact }, source };
}

function recordingFacts(bytes: Uint8Array): { readonly facts: Facts; readonly source: string } {
  const header = describeRecording(bytes);
  if (header === undefined) throw new ArtifactError('version', 'is a recording of another version of the library');
  const { handler, recordedAtMs, segments, calls, context, ...rest } = header;
  const facts = {
    recordedAt: new Date(recordedAtMs).toISOString(),
    filename: handler.filename,
    key: handler.key,
    sourceCharacters: handler.source.length,
    segments: segments.length,
    calls: calls.map(({ extensionName, method }) => `${extensionName}.${method}`),
    ...context,
    ...rest,
  };
  return { facts, source: handler.source };
}

function envelopeFacts(bytes: Uint8Array): { readonly facts: Facts; readonly source?: string } {
  const described = describeEnvelope(bytes);
  if (described === undefined) throw new ArtifactError('version', 'is an envelope of another version of the library');
  const { header, ...facts } = described;
  if (typeof header !== 'object' || header === null) return { facts: { ...facts, content: 'encrypted' } };
  const { handler, ...fields } = header as Facts & {
    readonly handler?: { readonly source?: string; readonly filename?: string };
  };
  return {
    facts: { ...facts, filename: handler?.filename, ...fields },
    ...(handler?.source !== undefined && { source: handler.source }),
  };
}
