import type { ExecutionLimits } from '../../api/limits.js';
import type { Mutable } from '../../support/mutable.js';
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
import { at, type PlacedBytes, placed as placedIn } from './tables.js';

/** Reads what `packRequests` wrote. @param known receives what the worker did not know yet */
export function unpackRequests(batch: PackedBatch, shared: readonly Uint8Array[], known: KnownHere): Request[] {
  const [packedLimits, encodedGrants, packedBytecodes, requests, packedSets, packedValues, blocks, packedImages] =
    batch;
  for (const [block, index] of blocks) known.blocks.set(block, at(shared, index) as Uint8Array<SharedArrayBuffer>);
  const limits = packedLimits.map(
    (values) => Object.fromEntries(LIMIT_NAMES.map((name, i) => [name, values[i]])) as unknown as ExecutionLimits,
  );
  for (const [number, key, imageHash, features, limit, tenant, settings] of batch[8]) {
    const terms: Mutable<ResumeTerms> = { key, imageHash, features, limits: at(limits, limit) };
    if (tenant !== null) terms.tenant = tenant;
    if (settings !== null) terms.localeSettings = { locale: settings[0], timeZone: settings[1] };
    known.terms.set(number, terms);
  }
  const placed = (bytes: PlacedBytes) => placedIn(bytes, shared);
  const unpackArea = (area: PackedArea) => areaAt(known, ...area);
  const bytecodes = packedBytecodes.map(placed);
  const librarySets = packedSets.map(([id, bytes]) => ({ id, packed: placed(bytes) }) as LibrarySet);
  const values = packedValues.map(([hash, number]) => ({ hash, document: at(shared, number) }) as PreparedValue);
  const images = packedImages.map(([id, abi, number]) => ({ id, abi, packed: at(shared, number) }) as KeptImage);
  const preparedOf = (numbers: readonly number[]) => numbers.map((number) => at(values, number));
  return requests.map((request): Request => {
    switch (request[0]) {
      case 'compile': {
        const [kind, source, filename, shape] = request;
        const text = typeof source === 'string' ? source : placed(source);
        return { kind, source: text, filename, ...(shape !== null && { shape }) };
      }
      case 'execute': {
        const [kind, key, bytecode, input, right, limit, now, seed, deadline, context, tenant, logRing, set] = request;
        const settings = request[13];
        // What is not always there is assigned: to spread it costs as much as all the rest.
        const execute: Mutable<Extract<Request, { kind: 'execute' }>> = {
          kind,
          key,
          bytecode: at(bytecodes, bytecode),
          input: placed(input),
          encodedGrants: at(encodedGrants, right),
          limits: at(limits, limit),
        };
        if (now !== null) execute.now = now;
        if (seed !== null) execute.seed = seed;
        if (deadline !== null) execute.deadline = { ms: deadline[0], atMs: deadline[1] };
        if (context !== null) execute.packed = unpackContext(context, placed);
        if (tenant !== null) execute.tenant = tenant;
        if (logRing !== null) execute.logRing = at(shared, logRing);
        if (settings !== null) execute.localeSettings = { locale: settings[0], timeZone: settings[1] };
        if (set !== null) execute.librarySet = at(librarySets, set);
        if (request[14] !== null) execute.leftOut = unpackLeftOut(request[14], placed);
        const prepared = request[15];
        if (prepared !== null) execute.prepared = preparedOf(prepared);
        if (request[16] !== null) execute.area = unpackArea(request[16]);
        return execute;
      }
      case 'resume': {
        const [kind, key, snapshot, imageHash, features, answers, limit, now, deadline, tenant, logRing, before, set] =
          request;
        const settings = request[13];
        const resume: Mutable<Extract<Request, { kind: 'resume' }>> = {
          kind,
          key,
          snapshot: placed(snapshot),
          imageHash,
          features,
          answers: placed(answers),
          limits: at(limits, limit),
          instructionsBefore: before,
        };
        if (now !== null) resume.now = now;
        if (deadline !== null) resume.deadline = { ms: deadline[0], atMs: deadline[1] };
        if (tenant !== null) resume.tenant = tenant;
        if (logRing !== null) resume.logRing = at(shared, logRing);
        if (settings !== null) resume.localeSettings = { locale: settings[0], timeZone: settings[1] };
        if (set !== null) resume.librarySet = at(librarySets, set);
        if (request[14] !== null) resume.leftOut = unpackLeftOut(request[14], placed);
        if (request[15] !== null) resume.prepared = preparedOf(request[15]);
        if (request[16] !== null) resume.area = unpackArea(request[16]);
        if (request[17] !== null) resume.checkpoint = unpackArea(request[17]);
        if (request[18] !== null) resume.image = at(images, request[18]);
        if (request[19] !== null) resume.renewal = placed(request[19]);
        return resume;
      }
      case 'load': {
        const [kind, key, bytecode, set] = request;
        return {
          kind,
          key,
          bytecode: at(bytecodes, bytecode),
          ...(set !== null && { librarySet: at(librarySets, set) }),
        };
      }
      case 'image': {
        const [kind, set, image, features, isExported] = request;
        const librarySet = set === null ? undefined : at(librarySets, set);
        return { kind, librarySet, image: image === null ? undefined : at(images, image), features, isExported };
      }
      default:
        throw unknownRequest(request);
    }
  });
}

function unpackLeftOut(
  leftOut: NonNullable<PackedLeftOut>,
  placed: (bytes: PlacedBytes) => Uint8Array,
): NonNullable<ExecuteRequest['leftOut']> {
  return leftOut === 'kept' ? leftOut : { encoded: placed(leftOut[0]), spentMs: leftOut[1] };
}

type PackedExecute = Extract<PackedRequest, readonly ['execute', ...unknown[]]>;

function unpackContext(
  [state, args, scope, readable]: NonNullable<PackedExecute[9]>,
  placed: (bytes: PlacedBytes) => Uint8Array,
): PackedContext {
  return {
    ...(state !== null && { state: placed(state) }),
    ...(args !== null && { args: placed(args) }),
    ...(scope !== null && { scope: placed(scope) }),
    readable,
  };
}

function unknownRequest(request: never): RangeError {
  return new RangeError(`A message has a request of kind ${String((request as readonly unknown[])[0])}.`);
}
