import { differences } from '../codec/values/compare.js';
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
 * @param input the document with which the execution started; undefined after a suspension
 * @throws GuestException, VmPoisonedError, HeapExhaustedError
 */
export function collectWithChanges(vm: Vm, roots: PreludeExports, input: Uint8Array | undefined): Collected {
  const outcome = vm.call(roots.collect, roots.undefined);
  if (!vm.isSame(outcome, roots.reached)) return { outcome, deniedMutation: false };
  // Values that cannot be compared count as changed: reading the outcome will detect the problem.
  const before = input ?? vm.writeValue(vm.call(roots.valuesBefore, roots.undefined));
  const changed = differences(before, writeReached(vm, roots)) ?? true;
  const isNone = changed !== true && !changed.includes(true);
  if (isNone) return { outcome: vm.call(roots.collect, roots.undefined, roots.reached), deniedMutation: false };
  const encoded = vm.readValue(encoder.encode(changed, 'changed'));
  const listed = vm.call(roots.collect, roots.undefined, roots.reached, encoded);
  const denied = vm.call(roots.deniedMutation, roots.undefined);
  return { outcome: listed, deniedMutation: !vm.isSame(denied, roots.undefined) };
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
