import { ByteReader } from '../codec/values/decoding/byte-reader.js';

const FUNCTION_TAG = 12;
/** Flags (16 bits) and mode (8 bits) between the tag and the name of a function. */
const FLAG_BYTES = 3;
const FLAGS_AFTER_VARIABLE = 1;
const FLAGS_AFTER_CLOSURE = 2;
/** `fclosure8 0; set_loc0; return` and the operand: make the one closure, make it the script's value. */
const MAKE_CLOSURE = [0x00, 0xcb, 0x28];
const MAKE_CLOSURE_LENGTH = 4;

/**
 * Whether a compiled script only creates one function and returns it.
 *
 * A source that closes the wrapper early (`}); steal(); (async () => {`) parses as a script of several
 * statements. The bytecode of the script's top level shows this, however the text is written.
 */
export function isSingleClosure(bytecode: Uint8Array): boolean {
  const reader = new ByteReader(bytecode);
  reader.byte();
  for (let names = reader.unsigned(); names > 0; names--) reader.skipString();
  if (reader.byte() !== FUNCTION_TAG) return false;
  reader.take(FLAG_BYTES);
  reader.unsigned(); // name
  const argumentCount = reader.unsigned();
  reader.unsigned(); // variables
  reader.unsigned(); // arguments with a default
  reader.unsigned(); // stack size
  reader.unsigned(); // variable references
  const closureVariables = reader.unsigned();
  const constants = reader.unsigned();
  const codeLength = reader.unsigned();
  for (let variables = reader.unsigned(); variables > 0; variables--) skipVariable(reader);
  for (let i = 0; i < closureVariables; i++) skipClosureVariable(reader);
  if (argumentCount !== 0 || constants !== 1 || codeLength !== MAKE_CLOSURE_LENGTH) return false;
  reader.byte();
  for (const instruction of MAKE_CLOSURE) if (reader.byte() !== instruction) return false;
  return true;
}

function skipVariable(reader: ByteReader): void {
  reader.unsigned(); // name
  reader.unsigned(); // scope
  reader.unsigned(); // reference
  reader.take(FLAGS_AFTER_VARIABLE);
}

function skipClosureVariable(reader: ByteReader): void {
  reader.unsigned(); // name
  reader.unsigned(); // index
  reader.take(FLAGS_AFTER_CLOSURE);
}
