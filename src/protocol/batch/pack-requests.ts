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
import { ItemTable, type PlacedBytes, place } from './tables.js';

type Of<K extends Request['kind']> = Extract<Request, { kind: K }>;

/** Packs the requests of one message: what several of them have is in it once. */
export class RequestPacker {
  /** Bytes that the message refers to. */
  readonly shared = new ItemTable<Uint8Array>();
  readonly #limits = new ItemTable<ExecutionLimits>();
  readonly #encodedGrants = new ItemTable<Uint8Array>();
  readonly #bytecodes = new ItemTable<Uint8Array>();
  readonly #librarySets = new ItemTable<LibrarySet>();
  readonly #images = new ItemTable<KeptImage>();
  readonly #prepared = new ItemTable<PreparedValue>();
  readonly #blocks: (readonly [block: number, shared: number])[] = [];
  readonly #terms: PackedTerms[] = [];
  readonly #requests: PackedRequest[] = [];
  readonly #known: KnownToWorker;

  constructor(known: KnownToWorker) {
    this.#known = known;
  }

  get size(): number {
    return this.#requests.length;
  }

  /** @param area where its VM is written if it waits */
  add(request: Request, area: CheckpointArea | undefined): void {
    this.#requests.push(this.#pack(request, area));
  }

  finish(): PackedBatch {
    const { shared } = this;
    const bytecodes = this.#bytecodes.items.map((bytes) => place(bytes, shared));
    return [
      this.#limits.items.map((item) => LIMIT_NAMES.map((name) => item[name])),
      this.#encodedGrants.items,
      bytecodes,
      this.#requests,
      this.#librarySets.items.map(({ id, packed }) => [id, shared.numberOf(packed)] as const),
      this.#prepared.items.map(({ hash, document }) => [hash, shared.numberOf(document)] as const),
      this.#blocks,
      this.#images.items.map(({ id, abi, packed }) => [id, abi, shared.numberOf(packed)] as const),
      this.#terms,
    ];
  }

  #pack(request: Request, area: CheckpointArea | undefined): PackedRequest {
    switch (request.kind) {
      case 'compile': {
        const { source, filename, shape } = request;
        return ['compile', typeof source === 'string' ? source : this.#place(source), filename, shape ?? null];
      }
      case 'execute':
        return this.#execute(request, area);
      case 'resume':
        return this.#resume(request, area);
      case 'load':
        return ['load', request.key, this.#bytecodes.numberOf(request.bytecode), this.#set(request.librarySet)];
      case 'image': {
        const { librarySet, image, features, isExported } = request;
        return ['image', this.#set(librarySet), this.#image(image), features, isExported];
      }
      default:
        throw request satisfies never;
    }
  }

  #execute(request: Of<'execute'>, area: CheckpointArea | undefined): PackedRequest {
    const { packed } = request;
    return [
      'execute',
      request.key,
      this.#bytecodes.numberOf(request.bytecode),
      this.#place(request.input),
      this.#encodedGrants.numberOf(request.encodedGrants),
      this.#limits.numberOf(request.limits),
      request.now ?? null,
      request.seed ?? null,
      packDeadline(request.deadline),
      packed === undefined
        ? null
        : [this.#optional(packed.state), this.#optional(packed.args), this.#optional(packed.scope), packed.readable],
      request.tenant ?? null,
      this.#ring(request.logRing),
      this.#set(request.librarySet),
      packSettings(request.localeSettings),
      this.#leftOut(request.leftOut),
      this.#preparedValues(request.prepared),
      this.#area(area),
    ];
  }

  #resume(request: Of<'resume'>, area: CheckpointArea | undefined): PackedRequest {
    const { terms } = request;
    if (terms !== undefined && this.#known.numberOf(terms) === undefined) this.#define(terms);
    return [
      'resume',
      request.key,
      this.#place(request.snapshot),
      request.imageHash,
      request.features,
      this.#place(request.answers),
      this.#limits.numberOf(request.limits),
      request.now ?? null,
      packDeadline(request.deadline),
      request.tenant ?? null,
      this.#ring(request.logRing),
      request.instructionsBefore,
      this.#set(request.librarySet),
      packSettings(request.localeSettings),
      this.#leftOut(request.leftOut),
      this.#preparedValues(request.prepared),
      this.#area(area),
      this.#area(request.checkpoint),
      this.#image(request.image),
      this.#optional(request.renewal),
    ];
  }

  #define(terms: ResumeTerms): void {
    const { key, imageHash, features, limits, tenant, localeSettings } = terms;
    const settings = packSettings(localeSettings);
    const number = this.#known.add(terms);
    this.#terms.push([number, key, imageHash, features, this.#limits.numberOf(limits), tenant ?? null, settings]);
  }

  #place(bytes: Uint8Array): PlacedBytes {
    return place(bytes, this.shared);
  }

  #optional(bytes: Uint8Array | undefined): PlacedBytes | null {
    return bytes === undefined ? null : this.#place(bytes);
  }

  #ring(bytes: Uint8Array | undefined): number | null {
    return bytes === undefined ? null : this.shared.numberOf(bytes);
  }

  #set(set: LibrarySet | undefined): number | null {
    return set === undefined ? null : this.#librarySets.numberOf(set);
  }

  #image(image: KeptImage | undefined): number | null {
    return image === undefined ? null : this.#images.numberOf(image);
  }

  #preparedValues(values: readonly PreparedValue[] | undefined): readonly number[] | null {
    return values === undefined ? null : values.map((value) => this.#prepared.numberOf(value));
  }

  #leftOut(leftOut: ExecuteRequest['leftOut']): PackedLeftOut {
    if (leftOut === undefined || leftOut === 'kept') return leftOut ?? null;
    return [this.#place(leftOut.encoded), leftOut.spentMs];
  }

  #area(area: CheckpointArea | undefined): PackedArea | null {
    if (area === undefined) return null;
    const { id, block, start, bytes } = area;
    const unknown = this.#known.addBlockOf(area);
    if (unknown !== undefined) this.#blocks.push([block, this.shared.numberOf(unknown)]);
    return [id, block, start, bytes.length];
  }
}

function packSettings(settings: LocaleSettings | undefined): PackedSettings | null {
  return settings === undefined ? null : [settings.locale, settings.timeZone];
}

function packDeadline(deadline: CallDeadline | undefined): PackedDeadline | null {
  return deadline === undefined ? null : [deadline.ms, deadline.atMs];
}
