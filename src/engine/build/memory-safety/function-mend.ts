import { concatBytes } from '../../../codec/concat-bytes.js';
import { encodeUnsigned, LebReader } from '../../../codec/leb128.js';
import { occurrences, splice, WasmBinary } from '../wasm/binary.js';
import type { Code } from '../wasm/instructions.js';

/** A change to one function of the upstream binary. Indices and locals are those of that binary. */
export interface FunctionMend {
  /** The state after the mend. The lists in `advisories/` refer to it. */
  readonly name: string;
  readonly functionIndex: number;
  /** Instructions that occur exactly once in the function, and their replacement. */
  readonly edits?: readonly { readonly from: readonly Code[]; readonly to: readonly Code[] }[];
  /** The code of a function of the same type that replaces it. It may call the original. */
  readonly wrapper?: (original: number) => readonly Code[];
}

const HEADER_BYTES = 8;
const CODE_SECTION = 10;
/** A function whose locals are its parameters. */
const NO_LOCALS = 0;

/**
 * Returns a copy of the binary with mended functions. All indices stay the same.
 *
 * @throws Error if a function does not have the shape that its mend describes; the message names the mend
 */
export function mendFunctions(upstream: Uint8Array, mends: readonly FunctionMend[]): Uint8Array {
  if (mends.length === 0) return upstream;
  const binary = new WasmBinary(upstream);
  const bodies = new Map<number, Uint8Array>();
  for (const mend of mends) {
    const { functionIndex, wrapper } = mend;
    const body = edited(bodies.get(functionIndex) ?? binary.functionBody(functionIndex), mend);
    if (wrapper === undefined) bodies.set(functionIndex, body);
    else {
      const original = binary.appendFunction(binary.functionType(functionIndex), body);
      bodies.set(functionIndex, Uint8Array.from([NO_LOCALS, ...wrapper(original).flat()]));
    }
  }
  return withBodies(binary.encode(), (item) => bodies.get(item + binary.importedFunctions));
}

function edited(body: Uint8Array, { name, edits = [] }: FunctionMend): Uint8Array {
  let result = body;
  for (const { from, to } of edits) {
    const pattern = Uint8Array.from(from.flat());
    const found = occurrences(result, pattern);
    if (found.length !== 1) {
      throw new Error(`the mend "${name}" does not fit: its instructions occur ${found.length} times instead of once`);
    }
    result = splice(result, found[0] ?? 0, pattern.length, Uint8Array.from(to.flat()));
  }
  return result;
}

/** @param replacement the new body of a function of the module, by its position; undefined to keep it */
function withBodies(bytes: Uint8Array, replacement: (item: number) => Uint8Array | undefined): Uint8Array {
  const reader = new LebReader(bytes, HEADER_BYTES);
  while (!reader.done) {
    const start = reader.offset;
    const id = reader.byte();
    const content = reader.take(reader.unsigned());
    if (id !== CODE_SECTION) continue;
    const code = replaceItems(content, replacement);
    const section = concatBytes([Uint8Array.from([id, ...encodeUnsigned(code.length)]), code]);
    return splice(bytes, start, reader.offset - start, section);
  }
  throw new RangeError('the binary has no code');
}

function replaceItems(vector: Uint8Array, replacement: (item: number) => Uint8Array | undefined): Uint8Array {
  const reader = new LebReader(vector);
  const count = reader.unsigned();
  const parts: Uint8Array[] = [Uint8Array.from(encodeUnsigned(count))];
  for (let i = 0; i < count; i++) {
    const item = reader.take(reader.unsigned());
    const body = replacement(i) ?? item;
    parts.push(Uint8Array.from(encodeUnsigned(body.length)), body);
  }
  return concatBytes(parts);
}
