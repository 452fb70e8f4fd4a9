import { concatBytes } from '../../contract/values/concat-bytes.js';
import { occurrences, splice, WasmBinary } from '../wasm/binary.js';
import type { Code } from '../wasm/instructions.js';
import { encodeUnsigned, LebReader } from '../wasm/leb128.js';

/** A change to one function of the upstream binary. Indices and locals are those of that binary. */
export interface FunctionMend {
  /** What it stops, as `stoppedBy` in `advisories.ts` names it. */
  readonly name: string;
  readonly functionIndex: number;
  /** Instructions that occur exactly once in the function, and what stands there instead. */
  readonly edits?: readonly { readonly from: readonly Code[]; readonly to: readonly Code[] }[];
  /** The code of a function of the same type that takes its place. It may call the original. */
  readonly wrapper?: (original: number) => readonly Code[];
}

const HEADER_BYTES = 8;
const CODE_SECTION = 10;
/** A function whose locals are its parameters. */
const NO_LOCALS = 0;

/**
 * A copy of the binary with its functions mended. Every index stays what it was.
 *
 * @throws Error when a function has not the shape that its mend describes; the message names the mend
 */
export function mendFunctions(upstream: Uint8Array, mends: readonly FunctionMend[]): Uint8Array {
  let bytes = upstream;
  for (const mend of mends) bytes = apply(bytes, mend);
  return bytes;
}

function apply(bytes: Uint8Array, { name, functionIndex, edits = [], wrapper }: FunctionMend): Uint8Array {
  const binary = new WasmBinary(bytes);
  let body = binary.functionBody(functionIndex);
  for (const { from, to } of edits) {
    const found = occurrences(body, Uint8Array.from(from.flat()));
    if (found.length !== 1) {
      throw new Error(`the mend "${name}" does not fit: its instructions occur ${found.length} times instead of once`);
    }
    body = splice(body, found[0] ?? 0, from.flat().length, Uint8Array.from(to.flat()));
  }
  if (wrapper === undefined) return withBody(bytes, binary.importedFunctions, functionIndex, body);
  const original = binary.appendFunction(binary.functionType(functionIndex), body);
  const code = Uint8Array.from([NO_LOCALS, ...wrapper(original).flat()]);
  return withBody(binary.encode(), binary.importedFunctions, functionIndex, code);
}

function withBody(bytes: Uint8Array, imported: number, functionIndex: number, body: Uint8Array): Uint8Array {
  const reader = new LebReader(bytes, HEADER_BYTES);
  while (!reader.done) {
    const start = reader.offset;
    const id = reader.byte();
    const content = reader.take(reader.unsigned());
    if (id !== CODE_SECTION) continue;
    const code = replaceItem(content, functionIndex - imported, body);
    const section = concatBytes([Uint8Array.from([id, ...encodeUnsigned(code.length)]), code]);
    return splice(bytes, start, reader.offset - start, section);
  }
  throw new RangeError('the binary has no code');
}

function replaceItem(vector: Uint8Array, index: number, item: Uint8Array): Uint8Array {
  const reader = new LebReader(vector);
  reader.unsigned();
  for (let i = 0; i < index; i++) reader.take(reader.unsigned());
  const start = reader.offset;
  reader.take(reader.unsigned());
  const replacement = concatBytes([Uint8Array.from(encodeUnsigned(item.length)), item]);
  return splice(vector, start, reader.offset - start, replacement);
}
