import { differences } from '../codec/values/compare.js';
import { MalformedValueError } from '../codec/values/decoding/byte-reader.js';
import { decodeFields } from '../codec/values/decoding/decode.js';
import { ValueEncoder } from '../codec/values/encoding/encode.js';
import type { PreludeExports } from '../engine/image/prelude-image.js';
import type { ValuePointer } from '../engine/pointers.js';
import { GuestException } from '../engine/vm/vm-errors.js';
import type { Vm } from '../engine/vm.js';

const encoder = new ValueEncoder();

/**
 * Collects the outcome, including mutations for changes inside the values of the state.
 *
 * The handler works on plain objects, at full speed. The prelude only records which of them it reached, and
 * these are compared with the values that were passed in.
 *
 * @param input with what the execution started; undefined after a suspension
 * @throws GuestException, VmPoisonedError, HeapExhaustedError
 */
export function collectWithChanges(vm: Vm, roots: PreludeExports, input: StateInput | undefined): Collected {
  const outcome = vm.call(roots.collect, roots.undefined);
  if (!vm.isSame(outcome, roots.reached)) return { outcome, deniedMutation: false };
  const changed = findChanges(vm, roots, input);
  const isNone = changed !== true && !changed.includes(true);
  if (isNone) return { outcome: vm.call(roots.collect, roots.undefined, roots.reached), deniedMutation: false };
  const encoded = vm.readValue(encoder.encode(changed, 'changed'));
  const listed = vm.call(roots.collect, roots.undefined, roots.reached, encoded);
  const denied = vm.call(roots.deniedMutation, roots.undefined);
  return { outcome: listed, deniedMutation: !vm.isSame(denied, roots.undefined) };
}

/** The document with which an execution started that has prepared values. */
export interface PreparedInput {
  readonly document: Uint8Array;
  /** The same with the values themselves in it. */
  expanded(): Uint8Array;
  /** Whether the prepared values are as they were; false if that cannot be told. */
  areUntouched(): boolean;
}

export type StateInput = Uint8Array | PreparedInput;

/** For each value that was reached whether it was changed; values that cannot be compared count as changed. */
function findChanges(vm: Vm, roots: PreludeExports, input: StateInput | undefined): boolean[] | true {
  const before = input ?? vm.writeValue(vm.call(roots.valuesBefore, roots.undefined));
  if (before instanceof Uint8Array) return differences(before, writeReached(vm, roots)) ?? true;
  return findOtherChanges(vm, roots, before) ?? differences(before.expanded(), writeReached(vm, roots)) ?? true;
}

/** The same without looking at prepared values, if they are as they were. Undefined if all have to be compared. */
function findOtherChanges(vm: Vm, roots: PreludeExports, input: PreparedInput): boolean[] | undefined {
  const flags = vm.call(roots.reachedPrepared, roots.undefined);
  const isPrepared = vm.isSame(flags, roots.undefined) ? undefined : readFlags(vm.writeValue(flags));
  if (isPrepared !== undefined && !input.areUntouched()) return undefined;
  const others = isPrepared === undefined ? roots.reached : vm.call(roots.reachedOthers, roots.undefined);
  const changed = isPrepared?.every(Boolean) ? [] : compareOthers(vm, input.document, others);
  if (changed === undefined || isPrepared === undefined) return changed;
  let other = 0;
  return isPrepared.map((isSame) => !isSame && (changed[other++] ?? true));
}

/** @returns undefined if something is not the same: a prepared value may be inside, which the document does not have */
function compareOthers(vm: Vm, document: Uint8Array, others: ValuePointer): boolean[] | undefined {
  try {
    const changed = differences(document, vm.writeValue(others));
    return changed?.includes(true) ? undefined : changed;
  } catch (error) {
    if (error instanceof GuestException) return undefined;
    throw error;
  }
}

/** Of a guest, which lies only about its own mutations. */
function readFlags(written: Uint8Array): boolean[] | undefined {
  try {
    return decodeFields(written).map((flag) => flag === true);
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}

export interface Collected {
  readonly outcome: ValuePointer;
  /** The handler changed something that it may not change: the outcome is that error, without the line. */
  readonly deniedMutation: boolean;
}

/** The engine cannot write a Map or a function. */
function writeReached(vm: Vm, roots: PreludeExports): Uint8Array {
  try {
    return vm.writeValue(roots.reached);
  } catch (error) {
    if (!(error instanceof GuestException)) throw error;
    return vm.writeValue(vm.call(roots.reachedForms, roots.undefined));
  }
}
