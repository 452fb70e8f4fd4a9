import type { ExecutionLimits } from '../../api/limits.js';
import type { LocaleSettings } from '../../config/locale.js';
import type { CheckpointArea } from '../checkpoint.js';
import type { KeptImage } from '../kept-image.js';
import type { LibrarySet } from '../library-set.js';
import type { CallDeadline, ExecuteRequest, Request, ResumeTerms } from '../messages.js';
import type { PreparedValue } from '../prepared-value.js';
import type { KnownToWorker } from './known.js';
import {
  LIMIT_NAMES,
  type PackedArea,
  type PackedBatch,
  type PackedDeadline,
  type PackedLeftOut,
  type PackedRequest,
  type PackedSettings,
  type PackedTerms,
} from './packed-batch.js';
import { ItemTable, type PlacedBytes, place as placeIn } from './tables.js';

/**
 * Packs requests, each with the area where its VM is written if it waits. What several of them have is in the message once.
 *
 * @param known receives what the worker gets to know
 */
export function packRequests(
  requests: readonly (readonly [request: Request, area: CheckpointArea | undefined])[],
  known: KnownToWorker,
): { readonly batch: PackedBatch; readonly shared: readonly Uint8Array[] } {
  const limits = new ItemTable<ExecutionLimits>();
  const encodedGrants = new ItemTable<Uint8Array>();
  const bytecodes = new ItemTable<Uint8Array>();
  const shared = new ItemTable<Uint8Array>();
  const librarySets = new ItemTable<LibrarySet>();
  const setOf = (set: LibrarySet | undefined) => (set === undefined ? null : librarySets.numberOf(set));
  const images = new ItemTable<KeptImage>();
  const imageOf = (image: KeptImage | undefined) => (image === undefined ? null : images.numberOf(image));
  const prepared = new ItemTable<PreparedValue>();
  const numbersOf = (values: readonly PreparedValue[] | undefined) =>
    values === undefined ? null : values.map((value) => prepared.numberOf(value));
  const place = (bytes: Uint8Array): PlacedBytes => placeIn(bytes, shared);
  const ring = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : shared.numberOf(bytes));
  const optional = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : place(bytes));
  const packLeftOut = (leftOut: ExecuteRequest['leftOut']): PackedLeftOut => {
    if (leftOut === undefined || leftOut === 'kept') return leftOut ?? null;
    return [place(leftOut.encoded), leftOut.spentMs];
  };
  const blocks: (readonly [block: number, shared: number])[] = [];
  const areaOf = (area: CheckpointArea | undefined): PackedArea | null => {
    if (area === undefined) return null;
    const { id, block, start, bytes } = area;
    const unknown = known.addBlockOf(area);
    if (unknown !== undefined) blocks.push([block, shared.numberOf(unknown)]);
    return [id, block, start, bytes.length];
  };
  const terms: PackedTerms[] = [];
  const define = (given: ResumeTerms | undefined): void => {
    if (given === undefined || known.numberOf(given) !== undefined) return;
    const { key, imageHash, features, tenant, localeSettings } = given;
    const number = known.add(given);
    const limit = limits.numberOf(given.limits);
    terms.push([number, key, imageHash, features, limit, tenant ?? null, packSettings(localeSettings)]);
  };
  const encoded = requests.map(([request, area]): PackedRequest => {
    switch (request.kind) {
      case 'compile':
        return [
          'compile',
          typeof request.source === 'string' ? request.source : place(request.source),
          request.filename,
          request.shape ?? null,
        ];
      case 'execute': {
        const { packed } = request;
        return [
          'execute',
          request.key,
          bytecodes.numberOf(request.bytecode),
          place(request.input),
          encodedGrants.numberOf(request.encodedGrants),
          limits.numberOf(request.limits),
          request.now ?? null,
          request.seed ?? null,
          packDeadline(request.deadline),
          packed === undefined
            ? null
            : [optional(packed.state), optional(packed.args), optional(packed.scope), packed.readable],
          request.tenant ?? null,
          ring(request.logRing),
          setOf(request.librarySet),
          packSettings(request.localeSettings),
          packLeftOut(request.leftOut),
          numbersOf(request.prepared),
          areaOf(area),
        ];
      }
      case 'resume':
        define(request.terms);
        return [
          'resume',
          request.key,
          place(request.snapshot),
          request.imageHash,
          request.features,
          place(request.answers),
          limits.numberOf(request.limits),
          request.now ?? null,
          packDeadline(request.deadline),
          request.tenant ?? null,
          ring(request.logRing),
          request.instructionsBefore,
          setOf(request.librarySet),
          packSettings(request.localeSettings),
          packLeftOut(request.leftOut),
          numbersOf(request.prepared),
          areaOf(area),
          areaOf(request.checkpoint),
          imageOf(request.image),
          optional(request.renewal),
        ];
      case 'load':
        return ['load', request.key, bytecodes.numberOf(request.bytecode), setOf(request.librarySet)];
      case 'image': {
        const { librarySet, image, features, isExported } = request;
        return ['image', setOf(librarySet), imageOf(image), features, isExported];
      }
      default:
        throw request satisfies never;
    }
  });
  const packedLimits = limits.items.map((item) => LIMIT_NAMES.map((name) => item[name]));
  const sets = librarySets.items.map(({ id, packed }) => [id, shared.numberOf(packed)] as const);
  const values = prepared.items.map(({ hash, document }) => [hash, shared.numberOf(document)] as const);
  const batch: PackedBatch = [
    packedLimits,
    encodedGrants.items,
    bytecodes.items.map(place),
    encoded,
    sets,
    values,
    blocks,
    images.items.map(({ id, abi, packed }) => [id, abi, shared.numberOf(packed)] as const),
    terms,
  ];
  return { batch, shared: shared.items };
}

function packSettings(settings: LocaleSettings | undefined): PackedSettings | null {
  return settings === undefined ? null : [settings.locale, settings.timeZone];
}

function packDeadline(deadline: CallDeadline | undefined): PackedDeadline | null {
  return deadline === undefined ? null : [deadline.ms, deadline.atMs];
}
