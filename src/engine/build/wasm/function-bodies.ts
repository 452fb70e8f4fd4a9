import { concatBytes } from '../../../codec/concat-bytes.js';
import { encodeUnsigned, LebReader } from '../../../codec/leb128.js';
import { SectionId, type WasmBinary } from './binary.js';

/**
 * Visits the body of each function of the module: locals and code. Appended functions that are not encoded
 * yet are not included.
 */
export function forEachBody(binary: WasmBinary, visit: (body: Uint8Array, index: number) => void): void {
  const reader = new LebReader(binary.section(SectionId.code));
  const count = reader.unsigned();
  for (let i = 0; i < count; i++) visit(reader.take(reader.unsigned()), binary.importedFunctions + i);
}

/** Replaces each body that {@link forEachBody} visits by the result of `map`. */
export function mapBodies(binary: WasmBinary, map: (body: Uint8Array, index: number) => Uint8Array): void {
  const bodies: Uint8Array[] = [];
  forEachBody(binary, (body, index) => bodies.push(map(body, index)));
  const parts = bodies.flatMap((body) => [Uint8Array.from(encodeUnsigned(body.length)), body]);
  binary.replaceSection(SectionId.code, concatBytes([Uint8Array.from(encodeUnsigned(bodies.length)), ...parts]));
}
