import type { Isolation } from '../api/options.js';
import { DEFAULT_SETTINGS } from '../config/locale.js';
import { createExecutionVm, type VmLimits } from '../engine/image/base-image.js';
import { type FeatureSet, featureSet, NO_FEATURES } from '../engine/image/features.js';
import { imageEnd } from '../engine/image/image.js';
import type { ImageVariant } from '../engine/image/image-variants.js';
import type { PreludeExports, PreludeImage } from '../engine/image/prelude-image.js';
import { PreparedTooLargeError } from '../engine/image/prepared-image.js';
import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import { ENTROPY_BYTES, writeEntropy, writeStart } from '../engine/shared-cells.js';
import { type LoweredForm, SourceCompiler } from '../engine/source-compiler.js';
import { GuestException, VmPoisonedError } from '../engine/vm/vm-errors.js';
import type { Vm } from '../engine/vm.js';
import { timeZoneOf } from '../intl/time-zone.js';
import type { CheckpointArea } from '../protocol/checkpoint.js';
import type { HandlerOutcome, ScriptOutcome } from '../protocol/compile.js';
import type { LibrarySet } from '../protocol/library-set.js';
import type {
  ExecuteRequest,
  ExecutionReply,
  ImageDescription,
  ImageRequest,
  ResumeRequest,
} from '../protocol/messages.js';
import type { SourceShape } from '../source/forms/source-shape.js';
import { inCodePoints, isTypeScript, stripTypes } from '../source/typescript/strip-types.js';
import { retainedStripperBytes } from '../source/typescript/stripper.js';
import type { Mutable } from '../support/mutable.js';
import { performance, systemTime } from '../support/timers.js';
import { Attempt } from './attempt.js';
import type { WaitingVm } from './checkpoints.js';
import { compileHandler } from './compile-handler.js';
import { type Entropy, SeededEntropy, SystemEntropy } from './entropy.js';
import { HandlerImageCache } from './handler-image-cache.js';
import { ImageSets, type Images } from './image-sets.js';
import { encodeInput } from './packed-input.js';
import { arePreparedUntouched, PreparedImages, PreparedSet } from './prepared-images.js';
import { preparedDoNotFit, preparedTooLarge } from './prepared-too-large.js';
import { packSnapshot, requireKnownFeatures, requireRoom, waitingMemoryOf } from './snapshot.js';
import { FreshStart, type HandlerCall, ResumedStart, type StartState } from './start-state.js';
import type { StateInput } from './state-diff.js';
import { handlerOwner, Tenancy } from './tenancy.js';
import { TenantVms } from './tenant-vms.js';

const CRYPTO = featureSet('crypto');
const NEVER = () => false;

const EMPTY = new Uint8Array(0);

export interface ExecutorOptions extends VmLimits {
  readonly engine: EngineModule;
  readonly prelude: PreludeImage;
  readonly libraries: readonly LibrarySource[];
  /**
   * Whether a handler that is executed once will be executed again; false in a short-lived process. @default
   * true
   */
  readonly expectsRepetition?: boolean;
  /** @default 'handler' */
  readonly isolation?: Isolation;
  /** For images with prepared values. @default no limit */
  readonly maxPreparedBytes?: number;
}

/**
 * Executes handlers, each from a pristine image, and compiles them in a separate VM. Works in any thread; the
 * worker entry is a thin wrapper.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #images: ImageSets;
  readonly #handlers: HandlerImageCache;
  readonly #entropy = new SystemEntropy();
  readonly #vms: TenantVms;
  /** When the clock of the handler began; undefined if it began in an earlier segment. */
  #clockBeganAt: number | undefined;
  readonly #tenancy: Tenancy;
  readonly #compiler: LazyCompiler;
  readonly #prepared: PreparedImages;

  /** @throws NexusError INVALID_CONFIG if a library cannot be initialised */
  static async create(options: ExecutorOptions): Promise<Executor> {
    const compiler = new LazyCompiler(options);
    const { engine, libraries, prelude } = options;
    // No code of a library runs in the VM then: handlers execute in the one in which the image is built. Creating a VM is a third of the start.
    const vm = libraries.length === 0 ? await createExecutionVm(engine, options, prelude.image.heapEnd) : undefined;
    const images = await ImageSets.create(options, () => compiler.get(), vm);
    const vms = await TenantVms.create(engine, options, images.own.base.image.heapEnd, vm);
    return new Executor(options, vms, images, compiler);
  }

  private constructor(options: ExecutorOptions, vms: TenantVms, images: ImageSets, compiler: LazyCompiler) {
    this.#options = options;
    this.#vms = vms;
    this.#tenancy = new Tenancy(options.isolation ?? 'handler');
    this.#images = images;
    this.#handlers = new HandlerImageCache(options.expectsRepetition ?? true);
    this.#compiler = compiler;
    this.#prepared = new PreparedImages({
      ...options,
      maxPreparedBytes: options.maxPreparedBytes ?? Number.POSITIVE_INFINITY,
      onDropped: (variant) => this.#handlers.forgetVariant(variant),
    });
  }

  /** Identifies the base image of the runtime's own libraries, with these features, by its hex SHA-256. */
  hashImage(features: FeatureSet = NO_FEATURES): Promise<string> {
    return this.#images.own.variants.hash(features);
  }

  /** Linear memory of all VMs, including those for compiling. */
  get memoryBytes(): number {
    return this.#vms.memoryBytes + this.#compiler.memoryBytes + retainedStripperBytes();
  }

  /**
   * Wipes used VMs for the next tenants. Called when there is nothing else to do.
   *
   * @param isAwaited whether there is other work after all
   * @param isAnswerSoon whether the handler that waits is likely to go on next
   */
  tidy(isAwaited: () => boolean, isAnswerSoon = true): Promise<void> {
    if (!isAwaited()) this.#compiler.tidy();
    return this.#vms.tidy(isAwaited, isAnswerSoon);
  }

  async compileScript(source: string, filename: string, form?: LoweredForm): Promise<ScriptOutcome> {
    let script = source;
    if (form === undefined && isTypeScript(filename)) {
      const stripped = stripTypes(source);
      if (!stripped.ok) return stripped;
      script = inCodePoints(source, stripped.script);
    }
    return (await this.#compiler.get()).compile(script, filename, form);
  }

  compileHandler(source: string, filename: string, shape?: SourceShape): Promise<HandlerOutcome> {
    return compileHandler(source, filename, (script, name, form) => this.compileScript(script, name, form), shape);
  }

  /**
   * @param isCancelled polled while it runs: whether the execution was cancelled
   * @throws NexusError if packed context cannot be decoded
   */
  async execute(request: ExecuteRequest, bytecode: Uint8Array, isCancelled = NEVER): Promise<ExecutionReply> {
    const { key, encodedGrants, librarySet } = request;
    const own = this.#images.known(librarySet) ?? (await this.#images.get(librarySet));
    const images = request.prepared === undefined ? own : this.#prepared.on(own, request.prepared);
    const owner = this.#tenancy.ownerOf(request.tenant, key);
    const call = { key: images.keyOf(key), owner, bytecode, input: encodeInput(request), encodedGrants };
    try {
      return await this.#run(request, this.#startState(images, call), images, isCancelled);
    } catch (error) {
      if (error instanceof PreparedTooLargeError) return preparedTooLarge(error, request.limits);
      throw error;
    }
  }

  /**
   * Creates an image for a handler before it is first executed. It has the same content as one that is
   * created later.
   */
  async load(key: string, bytecode: Uint8Array, librarySet?: LibrarySet): Promise<void> {
    const images = await this.#images.get(librarySet);
    this.#handlers.expect(images.keyOf(key), bytecode);
    const call = { key: images.keyOf(key), owner: handlerOwner(key), bytecode, input: EMPTY };
    const startState = this.#startState(images, call);
    for (let preparing = startState.prepare(); preparing !== undefined; preparing = startState.prepare())
      await preparing;
    const { memoryLimitBytes } = this.#options;
    await this.#vms.select(startState.owner, { memoryLimitBytes, neededBytes: startState.neededBytes });
    this.#vms.current.beginRun();
    startState.load();
  }

  /**
   * Describes a base image.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE if it is none
   */
  async describeImage({ librarySet, image, features, isExported }: ImageRequest): Promise<ImageDescription> {
    const set = image === undefined ? await this.#images.get(librarySet) : await this.#images.kept(image);
    requireKnownFeatures(features, set.prelude.features.length);
    const hash = await set.variants.hash(features);
    return { hash, ...(isExported && { packed: await this.#images.exported(set) }) };
  }

  #startState({ variants, base }: Images, call: HandlerCall): FreshStart {
    return new FreshStart(this.#vms, variants, this.#handlers, base.roots, call);
  }

  /**
   * Resumes a handler that was suspended, in this or another process.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE if this executor cannot build the image of the snapshot
   */
  async resume(request: ResumeRequest, isCancelled = NEVER): Promise<ExecutionReply> {
    const { image } = request;
    // perf: a run does this at each of its waits, so it awaits only what has to be built.
    const known = image === undefined ? this.#images.known(request.librarySet) : undefined;
    const own =
      known ?? (await (image === undefined ? this.#images.get(request.librarySet) : this.#images.kept(image)));
    requireKnownFeatures(request.features, own.prelude.features.length);
    const images = request.prepared === undefined ? own : this.#prepared.on(own, request.prepared);
    const variant = images.variants.knownExactly(request.features) ?? (await this.#build(images, request.features));
    if (image !== undefined) requireRoom(variant.image.heapEnd, request.limits.memoryLimitBytes);
    const memory = waitingMemoryOf(request, images.variants.hashOf(variant), this.#options.engine.layout);
    const owner = this.#tenancy.ownerOf(request.tenant, request.key);
    return this.#run(
      request,
      new ResumedStart(this.#vms, variant, memory, own.prelude, owner, request),
      images,
      isCancelled,
    );
  }

  #build({ variants }: Images, features: FeatureSet): Promise<ImageVariant> {
    return variants.exactly(features).catch((error: unknown) => {
      throw error instanceof PreparedTooLargeError ? preparedDoNotFit(error, this.#options) : error;
    });
  }

  async #run(
    request: ExecuteRequest | ResumeRequest,
    startState: StartState,
    images: Images,
    isCancelled: () => boolean,
  ): Promise<ExecutionReply> {
    const startedAt = performance.now();
    this.#clockBeganAt = undefined;
    const first = this.#attempt(request, startState, { images, isCancelled });
    let attempt = first instanceof Promise ? await first : first;
    const isPartial = request.leftOut === 'kept';
    // Its time begins with the first attempt.
    const begunAt = attempt.run.startedAt ?? startedAt;
    if (attempt.run.missingFeature && !(isPartial && attempt.run.lacksInput)) {
      // Nothing was delivered: start again with all features, within the remaining time.
      startState.demandAllFeatures();
      attempt = await this.#attempt(request, startState, { images, isCancelled, deadline: attempt.run.deadline });
    }
    // Nothing was delivered: the main thread has what it lacks.
    if (isPartial && attempt.run.lacksInput) return await this.#end(this.#reportLack(begunAt));
    if (attempt.run.deniedMutation && attempt.run.failure === undefined) {
      // Execute again, to throw at the line of the denied change: watching for it is too slow for every
      // execution.
      const { deadline } = attempt.run;
      const again = await this.#attempt(request, startState, { images, isCancelled, deadline, guarded: true });
      // If there is no time left for that, the error has no line.
      if (again.run.failure === undefined && !again.run.missingFeature) attempt = again;
    }
    // Only the attempt that counts is billed: another worker may have known from the start what this one found out.
    const executed = this.#report(attempt, images, startedAt, request.area);
    if (request.prepared !== undefined) await this.#prepared.learn(attempt.variant, images.base);
    return await this.#end(executed);
  }

  async #end(executed: Mutable<ExecutionReply>): Promise<ExecutionReply> {
    const { wear } = this.#vms;
    if (wear !== undefined) await this.#vms.replace(wear);
    executed.retired = this.#vms.takeRetired();
    return executed;
  }

  #reportLack(startedAt: number): Mutable<ExecutionReply> {
    const vm = this.#vms.current;
    return {
      kind: 'executed',
      outcome: undefined,
      failure: undefined,
      startedAtMs: performance.timeOrigin + startedAt,
      durationUs: (performance.now() - startedAt) * 1000,
      memoryUsedBytes: 0,
      memoryPeakBytes: vm.heap.length,
      instructionCount: 0,
      heapExhausted: vm.heapExhausted,
      retired: [],
      lacksInput: true,
    };
  }

  #report(
    { run, outcome, variant, instructions }: AttemptResult,
    images: Images,
    startedAt: number,
    area: CheckpointArea | undefined,
  ): Mutable<ExecutionReply> {
    const vm = this.#vms.current;
    // perf: one literal, because spreading into an object costs more than the rest.
    const executed: Mutable<ExecutionReply> = {
      kind: 'executed',
      outcome,
      failure: run.failure,
      startedAtMs: performance.timeOrigin + startedAt,
      durationUs: (performance.now() - startedAt) * 1000,
      memoryUsedBytes: Math.max(0, vm.heapEnd - imageEnd(vm, variant.image)),
      memoryPeakBytes: vm.heap.length,
      instructionCount: instructions,
      heapExhausted: vm.heapExhausted,
      retired: [],
    };
    if (run.waiting !== undefined) {
      this.#reportWaiting(executed, run.waiting, area);
      executed.imageHash = images.variants.hashOf(variant);
      executed.features = variant.features;
    }
    return executed;
  }

  #reportWaiting(executed: Mutable<ExecutionReply>, { bytes, delta }: WaitingVm, area: CheckpointArea | undefined) {
    executed.checkpointBytes = bytes;
    if (this.#clockBeganAt !== undefined) executed.clockMs = performance.now() - this.#clockBeganAt;
    if (delta !== undefined) executed.snapshot = packSnapshot(delta);
    else if (area !== undefined) {
      const { id, block, start } = area;
      this.#vms.noteCheckpoint({ id, block, start, bytes: area.bytes.subarray(0, bytes) });
    }
  }

  /** Selects a suitable VM, which usually exists, and runs the attempt. */
  #attempt(
    request: ExecuteRequest | ResumeRequest,
    startState: StartState,
    options: AttemptOptions,
  ): AttemptResult | Promise<AttemptResult> {
    const preparing = startState.prepare();
    if (preparing !== undefined) return preparing.then(() => this.#attempt(request, startState, options));
    const { memoryLimitBytes } = request.limits;
    if (request.prepared !== undefined && startState.variant.image.heapEnd > memoryLimitBytes) {
      throw new PreparedTooLargeError('MEMORY_LIMIT');
    }
    const selecting = this.#vms.select(startState.owner, { memoryLimitBytes, neededBytes: startState.neededBytes });
    if (selecting === undefined) return this.#runOnce(request, startState, options);
    return selecting.then(() => this.#runOnce(request, startState, options));
  }

  #runOnce(
    request: ExecuteRequest | ResumeRequest,
    startState: StartState,
    { images, isCancelled, deadline, guarded = false }: AttemptOptions,
  ): AttemptResult | Promise<never> {
    const vm = this.#vms.current;
    const { base } = images;
    const { roots } = base;
    const run = new Attempt(vm, base, request, { isCancelled, deadline, logRing: request.logRing, area: request.area });
    const entropy = request.seed === undefined ? this.#entropy : new SeededEntropy(request.seed);
    let variant = startState.variant;
    try {
      vm.beginRun();
      vm.noteThrowsIn(roots.lastThrown);
      startState.load(deadline);
      variant = startState.variant;
      this.#prepare(request);
      if (startState.isFresh) this.#begin(entropy, variant, roots);
      if (guarded) vm.call(roots.guardState, roots.undefined);
      startState.start(run);
    } catch (error) {
      if (!(error instanceof GuestException || error instanceof VmPoisonedError)) {
        // Not caused by the guest. The state of the VM is unknown.
        return this.#vms.replace('poisoned').then(() => {
          throw error;
        });
      }
      run.stop(error);
    }
    run.noteWaiting(variant.image, () => {
      // It may need `crypto` after it is resumed: then the only entropy is what the snapshot contains.
      if (startState.isFresh && !hasCrypto(variant)) this.#writeEntropy(entropy, roots);
    });
    const outcome = run.finish(inputOf(startState, images, vm, variant));
    return { run, variant, outcome, instructions: run.instructions };
  }

  /** Sets the limits and the time of this execution. */
  #prepare({ limits, now, localeSettings = DEFAULT_SETTINGS }: ExecuteRequest | ResumeRequest): void {
    const vm = this.#vms.current;
    vm.memoryCeilingBytes = limits.memoryLimitBytes;
    vm.applyStackSize(limits.stackSizeBytes);
    vm.clock = now === undefined ? systemTime : () => now;
    vm.localeSettings = localeSettings;
    vm.zone = localeSettings === DEFAULT_SETTINGS ? undefined : timeZoneOf(localeSettings.timeZone);
  }

  /** Sets start time and entropy. For a resumed handler, they are in its snapshot. */
  #begin(entropy: Entropy, variant: ImageVariant, roots: PreludeExports): void {
    const vm = this.#vms.current;
    writeStart(vm, roots.cells, vm.clock());
    this.#clockBeganAt = performance.now();
    vm.seedRandom(entropy.uint32(), entropy.uint32());
    if (hasCrypto(variant)) this.#writeEntropy(entropy, roots);
  }

  #writeEntropy(entropy: Entropy, { cells }: PreludeExports): void {
    writeEntropy(this.#vms.current, cells, entropy.bytes(ENTROPY_BYTES));
  }
}

/** With what the state is compared. */
function inputOf({ input }: StartState, images: Images, vm: Vm, variant: ImageVariant): StateInput | undefined {
  if (input === undefined || !(images instanceof PreparedSet)) return input;
  return {
    document: input,
    expanded: () => images.expand(input),
    areUntouched: () => arePreparedUntouched(vm, variant),
  };
}

function hasCrypto({ features }: ImageVariant): boolean {
  return (features & CRYPTO) !== 0;
}

/** Created when something is first compiled: a worker that finds everything compiled needs none. */
class LazyCompiler {
  readonly #options: Pick<ExecutorOptions, 'engine' | 'stackSizeBytes'>;
  #creation: Promise<SourceCompiler> | undefined;
  #compiler: SourceCompiler | undefined;

  constructor(options: Pick<ExecutorOptions, 'engine' | 'stackSizeBytes'>) {
    this.#options = options;
  }

  /** 0 before it is created. */
  get memoryBytes(): number {
    return this.#compiler?.memoryBytes ?? 0;
  }

  tidy(): void {
    this.#compiler?.tidy();
  }

  async get(): Promise<SourceCompiler> {
    this.#creation ??= SourceCompiler.create(this.#options.engine, this.#options.stackSizeBytes);
    this.#compiler = await this.#creation;
    return this.#compiler;
  }
}

interface AttemptOptions {
  readonly images: Images;
  readonly isCancelled: () => boolean;
  /** The deadline of the previous attempt, with which it shares its time. */
  readonly deadline?: number | undefined;
  /** Whether protected state is handed out read-only. */
  readonly guarded?: boolean;
}

/** The result of one attempt. */
interface AttemptResult {
  readonly run: Attempt;
  /** The image from which it started. */
  readonly variant: ImageVariant;
  readonly outcome: Uint8Array | undefined;
  readonly instructions: number;
}
