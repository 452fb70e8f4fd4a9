import type { ExecutionLimits } from '../../api/limits.js';
import type { CheckpointArea } from '../checkpoint.js';
import type { KeptImage } from '../kept-image.js';
import type { LibrarySet } from '../library-set.js';
import type { ExecuteRequest, PackedContext, Request, ResumeTerms } from '../messages.js';
import type { PreparedValue } from '../prepared-value.js';
import { areaAt, type KnownHere } from './known.js';
import {
  LIMIT_NAMES,
  type PackedArea,
  type PackedBatch,
  type PackedLeftOut,
  type PackedRequest,
} from './packed-batch.js';
import { at, type Mutable, type PlacedBytes, placed } from './tables.js';

type Of<K extends Request['kind']> = Extract<Request, { kind: K }>;
type PackedOf<K extends Request['kind']> = Extract<PackedRequest, readonly [K, ...unknown[]]>;

/** Reads what a `RequestPacker` wrote. */
export class RequestUnpacker {
  readonly #shared: readonly Uint8Array[];
  readonly #known: KnownHere;
  readonly #limits: readonly ExecutionLimits[];
  readonly #encodedGrants: readonly Uint8Array[];
  readonly #bytecodes: readonly Uint8Array[];
  readonly #librarySets: readonly LibrarySet[];
  readonly #prepared: readonly PreparedValue[];
  readonly #images: readonly KeptImage[];

  /** @param known receives what the worker did not know yet */
  constructor(batch: PackedBatch, shared: readonly Uint8Array[], known: KnownHere) {
    const [packedLimits, encodedGrants, bytecodes, , librarySets, prepared, blocks, images, terms] = batch;
    this.#shared = shared;
    this.#known = known;
    this.#limits = packedLimits.map(
      (values) => Object.fromEntries(LIMIT_NAMES.map((name, i) => [name, values[i]])) as unknown as ExecutionLimits,
    );
    this.#encodedGrants = encodedGrants;
    this.#bytecodes = bytecodes.map((bytes) => placed(bytes, shared));
    this.#librarySets = librarySets.map(([id, bytes]) => ({ id, packed: placed(bytes, shared) }) as LibrarySet);
    this.#prepared = prepared.map(([hash, index]) => ({ hash, document: at(shared, index) }) as PreparedValue);
    this.#images = images.map(([id, abi, index]) => ({ id, abi, packed: at(shared, index) }) as KeptImage);
    for (const [block, index] of blocks) known.blocks.set(block, at(shared, index) as Uint8Array<SharedArrayBuffer>);
    for (const [number, key, imageHash, features, limits, tenant, settings] of terms) {
      const known: Mutable<ResumeTerms> = { key, imageHash, features, limits: at(this.#limits, limits) };
      if (tenant !== null) known.tenant = tenant;
      if (settings !== null) known.localeSettings = { locale: settings[0], timeZone: settings[1] };
      this.#known.terms.set(number, known);
    }
  }

  read(request: PackedRequest): Request {
    switch (request[0]) {
      case 'compile': {
        const [kind, source, filename, shape] = request;
        const text = typeof source === 'string' ? source : this.#placed(source);
        return { kind, source: text, filename, ...(shape !== null && { shape }) };
      }
      case 'execute':
        return this.#execute(request);
      case 'resume':
        return this.#resume(request);
      case 'load': {
        const [kind, key, bytecode, set] = request;
        return {
          kind,
          key,
          bytecode: at(this.#bytecodes, bytecode),
          ...(set !== null && { librarySet: at(this.#librarySets, set) }),
        };
      }
      case 'image': {
        const [kind, set, image, features, isExported] = request;
        const librarySet = set === null ? undefined : at(this.#librarySets, set);
        return { kind, librarySet, image: image === null ? undefined : at(this.#images, image), features, isExported };
      }
      default:
        throw unknownRequest(request);
    }
  }

  #execute(request: PackedOf<'execute'>): Request {
    const [kind, key, bytecode, input, right, limit, now, seed, deadline, context, tenant, logRing, set] = request;
    const settings = request[13];
    // What is not always there is assigned: to spread it costs as much as all the rest.
    const execute: Mutable<Of<'execute'>> = {
      kind,
      key,
      bytecode: at(this.#bytecodes, bytecode),
      input: this.#placed(input),
      encodedGrants: at(this.#encodedGrants, right),
      limits: at(this.#limits, limit),
    };
    if (now !== null) execute.now = now;
    if (seed !== null) execute.seed = seed;
    if (deadline !== null) execute.deadline = { ms: deadline[0], atMs: deadline[1] };
    if (context !== null) execute.packed = this.#context(context);
    if (tenant !== null) execute.tenant = tenant;
    if (logRing !== null) execute.logRing = at(this.#shared, logRing);
    if (settings !== null) execute.localeSettings = { locale: settings[0], timeZone: settings[1] };
    if (set !== null) execute.librarySet = at(this.#librarySets, set);
    if (request[14] !== null) execute.leftOut = this.#leftOut(request[14]);
    if (request[15] !== null) execute.prepared = this.#preparedValues(request[15]);
    if (request[16] !== null) execute.area = this.#area(request[16]);
    return execute;
  }

  #resume(request: PackedOf<'resume'>): Request {
    const [kind, key, snapshot, imageHash, features, answers, limit, now, deadline, tenant, logRing, before, set] =
      request;
    const settings = request[13];
    const resume: Mutable<Of<'resume'>> = {
      kind,
      key,
      snapshot: this.#placed(snapshot),
      imageHash,
      features,
      answers: this.#placed(answers),
      limits: at(this.#limits, limit),
      instructionsBefore: before,
    };
    if (now !== null) resume.now = now;
    if (deadline !== null) resume.deadline = { ms: deadline[0], atMs: deadline[1] };
    if (tenant !== null) resume.tenant = tenant;
    if (logRing !== null) resume.logRing = at(this.#shared, logRing);
    if (settings !== null) resume.localeSettings = { locale: settings[0], timeZone: settings[1] };
    if (set !== null) resume.librarySet = at(this.#librarySets, set);
    if (request[14] !== null) resume.leftOut = this.#leftOut(request[14]);
    if (request[15] !== null) resume.prepared = this.#preparedValues(request[15]);
    if (request[16] !== null) resume.area = this.#area(request[16]);
    if (request[17] !== null) resume.checkpoint = this.#area(request[17]);
    if (request[18] !== null) resume.image = at(this.#images, request[18]);
    if (request[19] !== null) resume.renewal = this.#placed(request[19]);
    return resume;
  }

  #placed(bytes: PlacedBytes): Uint8Array {
    return placed(bytes, this.#shared);
  }

  #preparedValues(numbers: readonly number[]): PreparedValue[] {
    return numbers.map((number) => at(this.#prepared, number));
  }

  #leftOut(leftOut: NonNullable<PackedLeftOut>): NonNullable<ExecuteRequest['leftOut']> {
    return leftOut === 'kept' ? leftOut : { encoded: this.#placed(leftOut[0]), spentMs: leftOut[1] };
  }

  #area([id, block, start, length]: PackedArea): CheckpointArea {
    return areaAt(this.#known, id, block, start, length);
  }

  #context([state, args, scope, readable]: NonNullable<PackedOf<'execute'>[9]>): PackedContext {
    return {
      ...(state !== null && { state: this.#placed(state) }),
      ...(args !== null && { args: this.#placed(args) }),
      ...(scope !== null && { scope: this.#placed(scope) }),
      readable,
    };
  }
}

function unknownRequest(request: never): RangeError {
  return new RangeError(`A message has a request of kind ${String((request as readonly unknown[])[0])}.`);
}
