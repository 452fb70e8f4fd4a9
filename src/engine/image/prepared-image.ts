import { MAX_STACK_SIZE_BYTES } from '../../config/limits.js';
import { forgetUnused } from '../free-memory.js';
import type { EngineModule } from '../load-engine.js';
import type { ValuePointer } from '../pointers.js';
import type { Vm } from '../vm.js';
import { createBuilderVm } from './base-image.js';
import { captureImage, type Image } from './image.js';
import type { ImageVariant } from './image-variants.js';
import type { PreludeExports } from './prelude-image.js';
import { allocatedSince, findVolatile, type HeapParts, noteUsed, type WordSet } from './prepared-memory.js';
import { restoreImage } from './restore.js';

export interface PreparedImageOptions {
  readonly engine: EngineModule;
  readonly roots: PreludeExports;
  /** Of VMs that execute handlers. */
  readonly memoryLimitBytes: number;
}

/** Prepared values do not fit in a VM. */
export class PreparedTooLargeError extends Error {
  /** Which limit is reached. */
  readonly code: 'MEMORY_LIMIT' | 'STACK_OVERFLOW';

  constructor(code: PreparedTooLargeError['code']) {
    super(`prepared values exceed a VM: ${code}`);
    this.code = code;
  }
}

/**
 * Adds prepared values to an image, in a VM in which no handler ever runs. The same image and values give the same bytes everywhere.
 *
 * @param documents each with one field
 * @throws PreparedTooLargeError
 */
export async function buildPreparedImage(
  base: ImageVariant,
  documents: readonly Uint8Array[],
  options: PreparedImageOptions,
): Promise<ImageVariant> {
  const { roots, memoryLimitBytes } = options;
  const vm = await restored(base.image, options);
  // Reading them once lets the engine's own tables grow, which are then not mistaken for parts of the values.
  vm.stopCollection();
  prepareAll(vm, roots, documents);
  vm.release(vm.call(roots.forgetPrepared, roots.undefined));
  const before = noteUsed(vm);
  prepareAll(vm, roots, documents);
  vm.deferCollection();
  vm.applyStackSize(0);
  const parts = allocatedSince(vm, before);
  forgetUnused(vm, base.image);
  const image = captureImage(vm);
  if (image.heapEnd > memoryLimitBytes) throw new PreparedTooLargeError('MEMORY_LIMIT');
  return { features: base.features, image, prepared: { parts } };
}

/** Finds the words of an image with prepared values that may change although none of the values is changed. */
export async function learnVolatile(image: Image, parts: HeapParts, options: PreparedImageOptions): Promise<WordSet> {
  const vm = await restored(image, { ...options, memoryLimitBytes: Number.POSITIVE_INFINITY });
  const { holdPrepared, undefined: thisArg } = options.roots;
  vm.stopCollection();
  vm.call(holdPrepared, thisArg);
  const volatile = findVolatile(vm, image, parts);
  // A collection brings its lists of objects into another order.
  vm.collectNext();
  vm.call(holdPrepared, thisArg);
  return findVolatile(vm, image, parts, volatile);
}

function prepareAll(vm: Vm, roots: PreludeExports, documents: readonly Uint8Array[]): void {
  for (const document of documents) {
    const value = read(vm, document);
    vm.release(vm.call(roots.prepare, roots.undefined, value));
    vm.release(value);
  }
}

async function restored(image: Image, { engine, memoryLimitBytes }: PreparedImageOptions): Promise<Vm> {
  const limits = {
    ...(Number.isFinite(memoryLimitBytes) && { memoryLimitBytes }),
    // Values are nested as deeply as an execution with the largest stack can take them.
    stackSizeBytes: MAX_STACK_SIZE_BYTES,
  };
  const vm = await createBuilderVm(engine, image, limits);
  restoreImage(vm, image);
  vm.beginRun();
  vm.applyStackSize();
  return vm;
}

function read(vm: Vm, document: Uint8Array): ValuePointer {
  try {
    return vm.readValue(document);
  } catch {
    throw new PreparedTooLargeError(vm.heapExhausted ? 'MEMORY_LIMIT' : 'STACK_OVERFLOW');
  }
}
