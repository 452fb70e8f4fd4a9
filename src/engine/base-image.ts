import type { ScriptProblem } from '../contract/compile.js';
import { ValueEncoder } from '../contract/values/encode.js';
import { NexusError } from '../errors/nexus-error.js';
import { captureImage, type Image } from './image.js';
import { type LibrarySource, wrapLibrary } from './library.js';
import type { EngineModule } from './load-engine.js';
import type { Pointer } from './quickjs-module.js';
import type { SourceCompiler } from './source-compiler.js';
import { GuestException, Vm } from './vm.js';

/** Jobs a library may leave behind; more is a loop. */
const MAX_LIBRARY_JOBS = 100_000;
/** A library that takes longer to initialise would hold up the start of every worker. */
const LIBRARY_TIMEOUT_MS = 10_000;

/** Addresses of what the host calls inside the image. */
export interface Roots {
  readonly start: Pointer;
  readonly collect: Pointer;
  readonly salvage: Pointer;
  readonly undefined: Pointer;
}

/** What every execution starts from: engine, context, prelude and libraries, initialised. */
export interface BaseImage {
  readonly image: Image;
  readonly roots: Roots;
}

export interface BaseImageSources {
  /** Bytecode of the prelude, compiled when the package was built. */
  readonly prelude: Uint8Array;
  readonly libraries: readonly LibrarySource[];
}

export interface VmLimits {
  readonly memoryLimitBytes: number;
  readonly stackSizeBytes: number;
}

/** A VM that can take any base image of the same engine: creation is deterministic, so pointers agree. */
export function createExecutionVm(engine: EngineModule, limits: VmLimits): Promise<Vm> {
  return Vm.create(engine, { ...limits, purpose: 'execution' });
}

/**
 * Builds the base image in a fresh VM, which holds it afterwards.
 *
 * @throws NexusError INVALID_CONFIG when a library does not compile, throws, runs too long or exports nothing
 */
export async function buildBaseImage(
  vm: Vm,
  compiler: () => Promise<SourceCompiler>,
  sources: BaseImageSources,
): Promise<BaseImage> {
  const exported = vm.evaluateBytecode(sources.prelude);
  const install = vm.element(exported, 3);
  const roots: Roots = {
    start: vm.element(exported, 0),
    collect: vm.element(exported, 1),
    salvage: vm.element(exported, 2),
    undefined: vm.readValue(new ValueEncoder().encode(undefined, 'undefined')),
  };
  for (const library of sources.libraries) {
    await installLibrary(vm, await compiler(), library, install, roots.undefined);
  }
  return { image: captureImage(vm), roots };
}

async function installLibrary(
  vm: Vm,
  compiler: SourceCompiler,
  library: LibrarySource,
  install: Pointer,
  thisArg: Pointer,
): Promise<void> {
  const compiled = await compiler.compile(wrapLibrary(library), library.filename);
  if (!compiled.ok) throw invalidLibrary(library, describeProblem(compiled.problem));
  const deadline = performance.now() + LIBRARY_TIMEOUT_MS;
  vm.shouldInterrupt = () => performance.now() > deadline;
  try {
    const factory = vm.evaluateBytecode(compiled.bytecode);
    const name = vm.readValue(new ValueEncoder().encode(library.name, 'name'));
    vm.call(install, thisArg, name, factory);
    vm.runJobs(MAX_LIBRARY_JOBS);
  } catch (error) {
    if (!(error instanceof GuestException)) throw error;
    const { message = 'it threw', stack = '' } = vm.dump(error.error) as { message?: string; stack?: string };
    throw invalidLibrary(library, `${message}\n${stack}`.trimEnd());
  } finally {
    vm.beginRun();
  }
}

function describeProblem({ message, line, column }: ScriptProblem): string {
  return line === undefined ? message : `${message} (line ${line}, column ${column})`;
}

function invalidLibrary(library: LibrarySource, reason: string): NexusError {
  return new NexusError(
    'INVALID_CONFIG',
    `libraries.${library.name} (${library.filename}) cannot be initialised: ${reason}\n` +
      'A library is CommonJS, UMD or IIFE text that needs nothing but the language itself.',
    { context: { option: `libraries.${library.name}` } },
  );
}
