import type { ExecutionLimits } from '../../api/limits.js';
import { LIMIT_KEYS } from '../../config/limits.js';
import type { SourceShape } from '../../source/forms/source-shape.js';
import type { PackedContext } from '../messages.js';
import type { PlacedBytes } from './tables.js';

export const LIMIT_NAMES = Object.keys(LIMIT_KEYS) as (keyof ExecutionLimits)[];

/**
 * A batch of requests in one message. Common data (limits, grants and bytecode) is included once. perf:
 * arrays instead of maps, because field names would be most of the message and of its time.
 */
export type PackedBatch = readonly [
  limits: readonly (readonly number[])[],
  encodedGrants: readonly Uint8Array[],
  bytecodes: readonly PlacedBytes[],
  requests: readonly PackedRequest[],
  librarySets: readonly (readonly [id: string, packed: PlacedBytes])[],
  prepared: readonly (readonly [hash: string, document: number])[],
  /** Those that the worker does not know yet. */
  blocks: readonly (readonly [block: number, shared: number])[],
  images: readonly (readonly [id: string, abi: number, packed: number])[],
  /** Those that the worker does not know yet. */
  terms: readonly PackedTerms[],
];

export type PackedRequest =
  | readonly [kind: 'compile', source: string | PlacedBytes, filename: string, shape: SourceShape | null]
  | readonly [
      kind: 'execute',
      key: string,
      bytecode: number,
      input: PlacedBytes,
      encodedGrants: number,
      limits: number,
      now: number | null,
      seed: number | null,
      deadline: PackedDeadline | null,
      packed:
        | readonly [
            state: PlacedBytes | null,
            args: PlacedBytes | null,
            scope: PlacedBytes | null,
            readable: PackedContext['readable'],
          ]
        | null,
      tenant: string | null,
      logRing: number | null,
      librarySet: number | null,
      localeSettings: PackedSettings | null,
      leftOut: PackedLeftOut,
      prepared: readonly number[] | null,
      area: PackedArea | null,
    ]
  | readonly [
      kind: 'resume',
      key: string,
      snapshot: PlacedBytes,
      imageHash: string,
      features: number,
      answers: PlacedBytes,
      limits: number,
      now: number | null,
      deadline: PackedDeadline | null,
      tenant: string | null,
      logRing: number | null,
      instructionsBefore: number,
      librarySet: number | null,
      localeSettings: PackedSettings | null,
      leftOut: PackedLeftOut,
      prepared: readonly number[] | null,
      area: PackedArea | null,
      checkpoint: PackedArea | null,
      image: number | null,
      renewal: PlacedBytes | null,
    ]
  | readonly [kind: 'load', key: string, bytecode: number, librarySet: number | null]
  | readonly [kind: 'image', librarySet: number | null, image: number | null, features: number, isExported: boolean];

export type PackedDeadline = readonly [ms: number, atMs: number];
export type PackedLeftOut = 'kept' | readonly [encoded: PlacedBytes, spentMs: number] | null;
export type PackedSettings = readonly [locale: string, timeZone: string];
export type PackedArea = readonly [id: number, block: number, start: number, length: number];
export type PackedTerms = readonly [
  number: number,
  key: string,
  imageHash: string,
  features: number,
  limits: number,
  tenant: string | null,
  localeSettings: PackedSettings | null,
];
