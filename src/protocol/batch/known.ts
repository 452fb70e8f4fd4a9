import { blockOf, type CheckpointArea, type KnownBlocks } from '../checkpoint.js';
import type { ResumeTerms } from '../messages.js';

/** Runs of more kinds than this alternate rarely: their terms are sent again. */
const MAX_TERMS = 256;

/** What the main thread has passed to a worker, and need not pass again. */
export class KnownToWorker {
  readonly #blocks = new Set<number>();
  readonly #numbers = new Map<ResumeTerms, number>();
  /** By their numbers. */
  readonly #terms: (ResumeTerms | undefined)[] = [];
  #next = 0;

  hasBlockOf({ block }: CheckpointArea): boolean {
    return this.#blocks.has(block);
  }

  /** @returns the whole block, if the worker does not know it yet; from now on it does */
  addBlockOf(area: CheckpointArea): Uint8Array | undefined {
    if (this.#blocks.has(area.block)) return undefined;
    this.#blocks.add(area.block);
    return blockOf(area);
  }

  numberOf(terms: ResumeTerms): number | undefined {
    return this.#numbers.get(terms);
  }

  /** Gives them a number, which others may have had. */
  add(terms: ResumeTerms): number {
    const number = this.#next;
    this.#next = (number + 1) % MAX_TERMS;
    const previous = this.#terms[number];
    if (previous !== undefined) this.#numbers.delete(previous);
    this.#terms[number] = terms;
    this.#numbers.set(terms, number);
    return number;
  }
}

/** The same on the side of the worker. */
export interface KnownHere {
  readonly blocks: KnownBlocks;
  /** By their numbers. */
  readonly terms: Map<number, ResumeTerms>;
}

export function nothingKnown(): KnownHere {
  return { blocks: new Map(), terms: new Map() };
}

/** @throws RangeError if the block was never passed */
export function areaAt(
  { blocks }: KnownHere,
  id: number,
  block: number,
  start: number,
  length: number,
): CheckpointArea {
  const bytes = blocks.get(block)?.subarray(start, start + length);
  if (bytes === undefined) throw new RangeError(`A message names block ${block}, which is not known here.`);
  return { id, block, start, bytes };
}
