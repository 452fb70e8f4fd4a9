import { NexusError } from '../errors/nexus-error.js';
import { FEATURES, type FeatureSet, NO_FEATURES } from './features.js';
import { lacksFeature } from './host-cells.js';
import type { PreludeImage, Roots } from './prelude-image.js';
import { GuestException, type Vm } from './vm.js';

/** Evaluates features in a VM that holds an image without them. */
export function addFeatures(vm: Vm, prelude: PreludeImage, features: FeatureSet): void {
  if (features === NO_FEATURES) return;
  const { roots } = prelude;
  vm.beginRun();
  vm.stopClock();
  // A feature that wants another one that does not come before it would wait for ever.
  vm.shouldInterrupt = () => lacksFeature(vm, roots.cells);
  FEATURES.forEach(({ name }, index) => {
    const bytecode = prelude.features[index];
    if ((features & (1 << index)) === 0 || bytecode === undefined) return;
    try {
      vm.call(vm.evaluateBytecode(bytecode), roots.undefined, roots.featureHost);
    } catch (error) {
      throw invalidFeature(vm, roots, name, error);
    }
  });
  vm.beginRun();
}

function invalidFeature(vm: Vm, roots: Roots, name: string, error: unknown): unknown {
  if (!(error instanceof GuestException)) return error;
  const reason = lacksFeature(vm, roots.cells) ? 'it needs another one' : JSON.stringify(vm.dump(error.error));
  return new NexusError('INTERNAL_ERROR', `The feature ${name} cannot be initialised: ${reason}`);
}
