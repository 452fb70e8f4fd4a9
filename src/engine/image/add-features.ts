import { NexusError } from '../../errors/nexus-error.js';
import { performance } from '../../support/timers.js';
import { lacksFeature } from '../shared-cells.js';
import { GuestException } from '../vm/vm-errors.js';
import type { Vm } from '../vm.js';
import { FEATURES, type Feature, type FeatureSet, NO_FEATURES } from './features.js';
import type { PreludeImage } from './prelude-image.js';

/** Evaluates features in a VM that holds an image without them. No handler has run in it. */
export function addFeatures(vm: Vm, prelude: PreludeImage, features: FeatureSet): void {
  try {
    evaluateFeatures(vm, prelude, features);
  } catch (error) {
    if (!(error instanceof GuestException)) throw error;
    const reason = lacksFeature(vm, prelude.roots.cells)
      ? 'it needs another one'
      : JSON.stringify(vm.dump(error.error));
    throw new NexusError('INTERNAL_ERROR', `The features cannot be initialised: ${reason}`);
  }
}

/**
 * Evaluates features in a VM in which a handler has run. The handler may have replaced builtins that the
 * features use, so this counts as code of the handler.
 *
 * @param deadline on the clock of `performance.now()`
 * @throws GuestException
 */
export function addFeaturesLate(
  vm: Vm,
  prelude: PreludeImage,
  features: FeatureSet,
  deadline = Number.POSITIVE_INFINITY,
): void {
  evaluateFeatures(vm, prelude, features, () => performance.now() > deadline);
}

function evaluateFeatures(vm: Vm, prelude: PreludeImage, features: FeatureSet, isOver = () => false): void {
  if (features === NO_FEATURES) return;
  const { roots } = prelude;
  vm.beginRun();
  vm.stopClock();
  // A feature that needs another one that does not precede it would wait forever.
  vm.shouldInterrupt = () => isOver() || lacksFeature(vm, roots.cells);
  prelude.features.forEach((bytecode, index) => {
    if ((features & (1 << index)) === 0) return;
    const { asksHost } = FEATURES[index] as Feature;
    const given = asksHost === undefined ? [roots.featureHost] : [roots.featureHost, vm.newHostFunction(asksHost)];
    vm.call(vm.evaluateIntoImage(bytecode), roots.undefined, ...given);
  });
  vm.beginRun();
}
