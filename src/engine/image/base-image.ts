import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import { cut, MAX_REASON, nameInMessage } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { ScriptProblem } from '../../source/script-problem.js';
import { performance } from '../../support/timers.js';
import { type LibrarySource, libraryNames, wrapLibrary } from '../library.js';
import type { EngineModule } from '../load-engine.js';
import { lacksFeature } from '../shared-cells.js';
import type { SourceCompiler } from '../source-compiler.js';
import { BUILDER_MEMORY_BYTES } from '../vm/scripts.js';
import { GuestException } from '../vm/vm-errors.js';
import { Vm } from '../vm.js';
import { addFeatures } from './add-features.js';
import { ALL_FEATURES, type FeatureSet, NO_FEATURES, namedFeatures } from './features.js';
import { captureImage, type Image } from './image.js';
import type { PreludeExports, PreludeImage } from './prelude-image.js';
import { restoreImage } from './restore.js';

/** The number of jobs a library may leave; more is a loop. */
const MAX_LIBRARY_JOBS = 100_000;
/** A library that takes longer to initialise would delay the start of every worker. */
const LIBRARY_TIMEOUT_MS = 10_000;

/** The state from which every execution starts: engine, context, prelude and libraries, initialised. */
export interface BaseImage {
  readonly image: Image;
  readonly roots: PreludeExports;
  /** The features that the libraries need: part of this image, and so of every variant. */
  readonly features: FeatureSet;
  readonly hasLibraries: boolean;
}

/** The guest's stack while an image is built, in bytes. It has no influence on the image. */
const BUILDER_STACK_BYTES = 256 * 1024;
/** The most memory that libraries may use. */
const BUILDER_LIMIT_BYTES = 2 * 1024 * 1024 * 1024;

export interface VmLimits {
  readonly memoryLimitBytes: number;
  readonly stackSizeBytes: number;
}

/**
 * Creates a VM that can hold any base image of the same engine.
 *
 * @param initialBytes the memory that the images will need, see `imageEnd`
 */
export function createExecutionVm(engine: EngineModule, limits: VmLimits, initialBytes = 0): Promise<Vm> {
  return Vm.create(engine, { ...limits, initialBytes, purpose: 'execution' });
}

/**
 * Creates a VM for building one image, in which no handler ever runs.
 *
 * @param image the image that must fit. Default: the prelude's, which always fits
 */
export function createBuilderVm(engine: EngineModule, image?: Image, limits: Partial<VmLimits> = {}): Promise<Vm> {
  const { memoryLimitBytes = BUILDER_LIMIT_BYTES, stackSizeBytes = BUILDER_STACK_BYTES } = limits;
  const initialBytes = Math.max(BUILDER_MEMORY_BYTES, image?.heapEnd ?? 0);
  return Vm.create(engine, {
    memoryLimitBytes: Math.max(memoryLimitBytes, initialBytes),
    stackSizeBytes,
    initialBytes,
    purpose: 'execution',
  });
}

/**
 * Builds the base image in a VM that was created for it.
 *
 * @param compiler called only if there are libraries
 * @throws NexusError INVALID_CONFIG if a library does not compile, throws, runs too long or exports nothing
 */
export async function buildBaseImage(
  vm: Vm,
  prelude: PreludeImage,
  libraries: readonly LibrarySource[],
  compiler: () => Promise<SourceCompiler>,
): Promise<BaseImage> {
  const compiled: CompiledLibrary[] = [];
  let features = NO_FEATURES;
  for (const library of libraries) {
    const bytecode = await compileLibrary(await compiler(), library);
    features |= namedFeatures(bytecode);
    compiled.push({ library, bytecode });
  }
  const install = (): boolean => {
    restoreImage(vm, prelude.image);
    vm.applyStackSize();
    addFeatures(vm, prelude, features);
    return compiled.every((library) => installLibrary(vm, library, prelude.roots));
  };
  if (!install()) {
    // A library used a global dynamically, without naming it.
    features = ALL_FEATURES;
    install();
  }
  vm.deferCollection();
  // The identity of an image must not depend on a stack limit.
  vm.applyStackSize(0);
  return { image: captureImage(vm), roots: prelude.roots, features, hasLibraries: libraries.length > 0 };
}

interface CompiledLibrary {
  readonly library: LibrarySource;
  readonly bytecode: Uint8Array;
}

async function compileLibrary(compiler: SourceCompiler, library: LibrarySource): Promise<Uint8Array> {
  const compiled = await compiler.compile(wrapLibrary(library), library.filename);
  if (compiled.ok) return compiled.bytecode;
  const { line, column = 1 } = compiled.problem;
  throw invalidLibrary(library, describeProblem(compiled.problem), line === undefined ? undefined : { line, column });
}

/** @returns false if the library used a global of a missing feature */
function installLibrary(vm: Vm, { library, bytecode }: CompiledLibrary, roots: PreludeExports): boolean {
  const deadline = performance.now() + LIBRARY_TIMEOUT_MS * libraryNames(library).length;
  vm.shouldInterrupt = () => lacksFeature(vm, roots.cells) || performance.now() > deadline;
  try {
    const factory = vm.evaluateIntoImage(bytecode);
    const names = library.exports?.map(({ name, isCommonJs }) => [name, isCommonJs]) ?? library.name;
    vm.call(roots.install, roots.undefined, vm.readValue(new ValueEncoder().encode(names, 'names')), factory);
    vm.runJobs(MAX_LIBRARY_JOBS);
    // Asynchronous code may have caught the interruption.
    if (lacksFeature(vm, roots.cells)) return false;
    // The rejection would count for every handler.
    const { count, firstReason = roots.undefined } = vm.unhandledRejections;
    if (count > 0) {
      const thrown = describeThrown(vm.dump(firstReason));
      throw invalidLibrary(library, `a promise was rejected and not handled: ${thrown}`, firstPlace(thrown, library));
    }
    return true;
  } catch (error) {
    if (lacksFeature(vm, roots.cells)) return false;
    if (!(error instanceof GuestException)) throw error;
    const thrown = describeThrown(vm.dump(error.error));
    throw invalidLibrary(library, thrown, firstPlace(thrown, library));
  } finally {
    vm.beginRun();
  }
}

function describeThrown(dumped: unknown): string {
  const { name, message, stack = '' } = (dumped ?? {}) as { name?: string; message?: string; stack?: string };
  if (message === undefined) return `it threw ${JSON.stringify(dumped)}`;
  return `${name === undefined ? '' : `${name}: `}${message}\n${stack}`.trimEnd();
}

function describeProblem({ message, line, column }: ScriptProblem): string {
  return line === undefined ? message : `${message} (line ${line}, column ${column})`;
}

interface LibraryPlace {
  readonly line: number;
  readonly column: number;
}

/** The innermost place in the library of a text with a stack. */
function firstPlace(thrown: string, { filename }: LibrarySource): LibraryPlace | undefined {
  for (const line of thrown.split('\n')) {
    const at = line.indexOf(`${filename}:`);
    const [, row, column] = at < 0 ? [] : (/^(\d+):(\d+)/.exec(line.slice(at + filename.length + 1)) ?? []);
    if (row !== undefined) return { line: Number(row), column: Number(column) };
  }
  return undefined;
}

/** @param place of a bundle, for whoever knows of what file it was made */
function invalidLibrary(library: LibrarySource, reason: string, place?: LibraryPlace): NexusError {
  const { name, filename, exports } = library;
  const option = nameInMessage(exports === undefined ? `libraries.${name}` : 'libraries');
  const file = exports === undefined ? filename : `a bundle of ${libraryNames(library).join(', ')}`;
  return new NexusError(
    'INVALID_CONFIG',
    `${option} (${nameInMessage(file)}) cannot be initialised: ${cut(reason, MAX_REASON)}\n` +
      'A library needs nothing but the language itself, and what handlers have of the web.',
    { context: { option, ...(exports !== undefined && { reason: cut(reason, MAX_REASON), place }) } },
  );
}
