import type { WasmContext } from '../../api/context.js';
import { encoded, encodedBytes } from '../../api/encoded.js';
import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import { NotTransferableError } from '../../codec/values/encoding/not-transferable.js';
import { NexusError } from '../../errors/nexus-error.js';
import { methodNamesOf } from '../../execution/request/build-request.js';
import type { ExecuteOptions } from '../../execution/request/execute-options.js';
import { sha256 } from '../../support/bytes/byte-slices.js';
import { incompatible } from '../../suspension/incompatible.js';
import { decodeValues, encodeValues } from '../../suspension/sealed/values.js';

/** The code of a run: source, an artifact, or a name that `resolveHandler` knows. */
export type RunCode = { readonly source: string } | { readonly artifact: Uint8Array } | { readonly name: string };

/** With what a run begins. */
export interface RunInput {
  readonly code: RunCode;
  readonly context: WasmContext;
  /** Those that its first segment is executed with. */
  readonly options: ExecuteOptions;
}

const VALUES = ['args', 'stateSnapshot', 'scope'] as const;

/**
 * Encodes the input of a run, and the hashes by which it is known again.
 *
 * @throws NexusError SERIALIZATION_ERROR naming what cannot be kept
 */
export async function encodeInput({ code: given, context, options }: RunInput): Promise<{
  readonly document: Uint8Array;
  readonly codeHash: string;
  readonly inputHash: string;
}> {
  // The event loop has turns meanwhile, in which the caller may change its bytes.
  const code = 'artifact' in given ? { artifact: new Uint8Array(given.artifact) } : given;
  const { extensionRegistry, capabilities, panelId, handlerName } = context;
  const registry =
    extensionRegistry &&
    Object.fromEntries(
      Object.entries(extensionRegistry).map(([name, one]) => [name, Array.isArray(one) ? one : methodNamesOf(one)]),
    );
  const plain = {
    ...(panelId !== undefined && { panelId }),
    ...(handlerName !== undefined && { handlerName }),
    ...(capabilities !== undefined && { capabilities: [...capabilities] }),
    ...(registry !== undefined && { extensionRegistry: registry }),
  };
  const values = VALUES.map((name) => {
    const bytes = encodedBytes(context[name]);
    return bytes === undefined ? [name in context, false, context[name]] : [true, true, bytes];
  });
  try {
    const input = await encodeValues([plain, values, { ...options }], 'context');
    const codeHash = await hash(packCode(code));
    const document = await encodeValues([{ ...code }, Buffer.from(input)], 'code');
    return { document, codeHash, inputHash: await hash(input) };
  } catch (error) {
    if (!(error instanceof NotTransferableError)) throw error;
    throw new NexusError('SERIALIZATION_ERROR', `The input of the run cannot be kept: ${error.message}`, {
      context: { path: error.path },
    });
  }
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE if it is not what was encoded */
export async function decodeInput(id: string, document: Uint8Array): Promise<RunInput> {
  const fault = () =>
    incompatible('content', `The input of the run at ${id} cannot be read. It is kept.`, { suspensionId: id });
  try {
    const [code, input] = (await decodeValues(document)) as [RunCode, Uint8Array];
    const [plain, values, options] = (await decodeValues(input)) as [object, [boolean, boolean, unknown][], object];
    const context: Record<string, unknown> = { ...plain };
    for (const [index, name] of VALUES.entries()) {
      const [isGiven, isEncoded, value] = values[index] as [boolean, boolean, unknown];
      if (isGiven) context[name] = isEncoded ? encoded(value as Uint8Array) : value;
    }
    return { code, context, options };
  } catch (error) {
    if (error instanceof MalformedValueError || error instanceof TypeError || error instanceof NexusError)
      throw fault();
    throw error;
  }
}

function packCode(code: RunCode): Uint8Array {
  if ('source' in code) return Buffer.from(`source\0${code.source}`);
  if ('name' in code) return Buffer.from(`name\0${code.name}`);
  return Buffer.concat([Buffer.from('artifact\0'), code.artifact]);
}

async function hash(bytes: Uint8Array): Promise<string> {
  return (await sha256(bytes)).toString('hex');
}
