import { differences } from '../contract/values/compare.js';
import { ValueEncoder } from '../contract/values/encode.js';
import type { Roots } from '../engine/prelude-image.js';
import { GuestException, type Vm } from '../engine/vm.js';

const encoder = new ValueEncoder();

/**
 * Makes mutations of what the handler changed inside the values of its state.
 *
 * The handler works on plain objects, at full speed. The prelude only notes which of them it got hold of, and these are
 * compared with what had entered.
 *
 * @param input the document with which the execution began
 * @returns whether all of it may be changed; if not, the outcome is that error
 * @throws GuestException, VmPoisonedError
 */
export function listDeepChanges(vm: Vm, roots: Roots, input: Uint8Array): boolean {
  // When the guest does not even write what its prelude writes, the check of its outcome will say so.
  const changed = differences(input, writeReached(vm, roots)) ?? [];
  const settled = vm.call(roots.settle, roots.undefined, vm.readValue(encoder.encode(changed, 'changed')));
  return vm.isSame(settled, roots.undefined);
}

/** A Map or a function among the values is something that the engine does not write. */
function writeReached(vm: Vm, roots: Roots): Uint8Array {
  try {
    return vm.writeValue(vm.call(roots.reached, roots.undefined));
  } catch (error) {
    if (!(error instanceof GuestException)) throw error;
    return vm.writeValue(vm.call(roots.reachedForms, roots.undefined));
  }
}
