import { type Checkpoint, createBlock, markArea, UNIT_BYTES } from '../../protocol/checkpoint.js';

/** Shared memory is allocated, and made known to the workers, in blocks. */
const UNITS_PER_BLOCK = 16;
/** A VM that needs more than half a block becomes a snapshot: copying it would take longer than comparing it. */
const MAX_UNITS = UNITS_PER_BLOCK / 2;
/** Handlers whose VMs were found to be larger than a unit. */
const MAX_KNOWN_NEEDS = 1_000;

let blocksCreated = 0;
let areasTaken = 0;

/** Shared memory, and which of its units are in use. */
class Block {
  readonly number = ++blocksCreated;
  readonly memory: SharedArrayBuffer;
  readonly isUsed: boolean[];

  constructor(units: number) {
    this.memory = createBlock(units);
    this.isUsed = Array.from({ length: units }, () => false);
  }

  /** The first of `count` adjacent free units; -1 if there are none. */
  find(count: number): number {
    const { isUsed } = this;
    let free = 0;
    for (let unit = 0; unit < isUsed.length; unit++) {
      free = isUsed[unit] ? 0 : free + 1;
      if (free === count) return unit - count + 1;
    }
    return -1;
  }

  mark(first: number, count: number, isUsed: boolean): void {
    this.isUsed.fill(isUsed, first, first + count);
  }
}

/** An area that is in use. */
export class TakenArea implements Checkpoint {
  readonly id = ++areasTaken;
  bytes: Uint8Array<SharedArrayBuffer>;
  readonly #block: Block;
  readonly #first: number;
  readonly #count: number;
  readonly #onRelease: (units: number) => void;
  /** Workers that have it. */
  #holders = 0;
  #isReleased = false;
  #isFree = false;

  constructor(block: Block, first: number, count: number, onRelease: (units: number) => void) {
    this.bytes = new Uint8Array(block.memory, first * UNIT_BYTES, count * UNIT_BYTES);
    this.#block = block;
    this.#first = first;
    this.#count = count;
    this.#onRelease = onRelease;
    block.mark(first, count, true);
    markArea(block.memory, first, this.id);
  }

  get block(): number {
    return this.#block.number;
  }

  get start(): number {
    return this.#first * UNIT_BYTES;
  }

  /** A worker has written this many bytes. */
  written(bytes: number): Checkpoint {
    this.bytes = this.bytes.subarray(0, bytes);
    return this;
  }

  hold(): void {
    this.#holders++;
  }

  drop(): void {
    this.#holders--;
    this.#freeIfUnused();
  }

  release(): void {
    this.#isReleased = true;
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (!this.#isReleased || this.#holders > 0 || this.#isFree) return;
    this.#isFree = true;
    markArea(this.#block.memory, this.#first, 0);
    this.#block.mark(this.#first, this.#count, false);
    this.#onRelease(this.#count);
  }
}

/** The shared memory of a pool for the VMs of runs that wait. Bounded; without room, a VM becomes a snapshot. */
export class CheckpointAreas {
  readonly #maxUnits: number;
  readonly #blocks: Block[] = [];
  /** Units by the key of a handler that needs several. */
  readonly #needs = new Map<string, number>();
  #unitsUsed = 0;

  constructor(maxBytes: number) {
    this.#maxUnits = Math.floor(maxBytes / UNIT_BYTES);
  }

  /** Shared memory that was allocated; it is kept. */
  get memoryBytes(): number {
    return this.#blocks.reduce((bytes, { memory }) => bytes + memory.byteLength, 0);
  }

  /** Bytes of the areas in use. */
  get usedBytes(): number {
    return this.#unitsUsed * UNIT_BYTES;
  }

  /** @returns undefined if there is no room, or its VMs are too large */
  take(key: string): TakenArea | undefined {
    const count = this.#needs.get(key) ?? 1;
    if (count > MAX_UNITS || this.#unitsUsed + count > this.#maxUnits) return undefined;
    for (const block of this.#blocks) {
      const first = block.find(count);
      if (first >= 0) return this.#take(block, first, count);
    }
    const units = Math.min(UNITS_PER_BLOCK, this.#maxUnits - this.#blocks.length * UNITS_PER_BLOCK);
    if (units < count) return undefined;
    const block = new Block(units);
    this.#blocks.push(block);
    return this.#take(block, 0, count);
  }

  /** A VM of this handler had this many bytes. */
  noteNeed(key: string, bytes: number): void {
    const count = Math.ceil(bytes / UNIT_BYTES);
    if (count <= (this.#needs.get(key) ?? 1)) return;
    if (this.#needs.size >= MAX_KNOWN_NEEDS) this.#needs.clear();
    this.#needs.set(key, count);
  }

  #take(block: Block, first: number, count: number): TakenArea {
    this.#unitsUsed += count;
    return new TakenArea(block, first, count, (units) => {
      this.#unitsUsed -= units;
    });
  }
}
