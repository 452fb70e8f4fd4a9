import { hasPrepared, isPrepared, type Prepared, valueOfPrepared } from '../../api/context.js';
import { decodeOwnFields } from '../../codec/values/decoding/decode.js';
import { NexusError } from '../../errors/nexus-error.js';
import { CONTEXT_ROOTS, encodeFields } from '../../protocol/context-encoding.js';

/**
 * Values with what was prepared in them as the values that they stand for, for whoever looks at them outside of a VM.
 *
 * @returns copies; the values themselves if nothing is prepared in them, or if they cannot be passed at all
 */
export function resolvePrepared(fields: readonly unknown[]): readonly unknown[] {
  if (!hasPrepared()) return fields;
  const handles: Prepared[] = [];
  const numberPrepared = (value: object) => {
    if (!isPrepared(value)) return undefined;
    const known = handles.indexOf(value);
    return known >= 0 ? known : handles.push(value) - 1;
  };
  try {
    const encoded = encodeFields(fields, CONTEXT_ROOTS, { maxBytes: Number.POSITIVE_INFINITY, numberPrepared });
    if (handles.length === 0) return fields;
    const values = handles.map(valueOfPrepared);
    return decodeOwnFields(encoded, (number) => values[number]);
  } catch (error) {
    // The call itself tells what is wrong with them.
    if (error instanceof NexusError) return fields;
    throw error;
  }
}
