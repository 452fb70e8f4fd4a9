import type { Node } from 'acorn';

import { type Atom, type Cell, PRIMITIVE, UNKNOWN, type Unit, type Value, Watch } from './values/atoms.js';

/**
 * How many strings and numbers a cell distinguishes before they become any primitive: loops can build strings
 * endlessly.
 */
const MAX_CONSTANTS = 32;
/** How many values of any kind a cell distinguishes before they count as escaped. */
const MAX_ATOMS = 64;
/**
 * About a tenth of a second. A handler of a hundred lines takes 15,000; a handler that takes far more was
 * written to do so.
 */
const MAX_STEPS = 120_000;

/** The handler is too large or too complex to be followed. */
export class BudgetExceeded extends Error {}

/** Called for values that enter a watched cell. */
export type OnWatched = (atoms: Value, watch: Watch, at: Node) => void;

/** Evaluates units until nothing changes any more. */
export class Flow {
  readonly #units = new Set<Unit>();
  readonly #queue = new Set<Unit>();
  readonly #arrivals: { readonly atoms: Value; readonly watch: Watch; readonly at: Node }[] = [];
  readonly #onWatched: OnWatched;
  #current: Unit | undefined;
  #steps = 0;
  /** Whether everything has been evaluated without changes. A variable without a value then never gets one. */
  isSettled = false;

  constructor(onWatched: OnWatched) {
    this.#onWatched = onWatched;
  }

  schedule(unit: Unit): void {
    this.#units.add(unit);
    this.#queue.add(unit);
  }

  /** @throws BudgetExceeded */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > MAX_STEPS) throw new BudgetExceeded();
  }

  read(cell: Cell): Value {
    if (this.#current !== undefined) {
      cell.readers ??= new Set();
      cell.readers.add(this.#current);
    }
    this.step(cell.atoms.size);
    return cell.atoms;
  }

  add(cell: Cell, value: Value): void {
    this.step(value.size);
    const added: Atom[] = [];
    for (const atom of value) {
      if (cell.atoms.has(atom)) continue;
      const isText = atom.kind === 'constant' || atom.kind === 'prefix';
      const known = isText && ++cell.constants > MAX_CONSTANTS ? PRIMITIVE : atom;
      if (cell.atoms.has(known)) continue;
      added.push(known);
      if (!cell.isWide) cell.put(known);
    }
    if (added.length === 0) return;
    if (cell.watch !== Watch.none) this.#arrive(new Set(added), cell);
    if (cell.isWide) return;
    if (cell.atoms.size > MAX_ATOMS) this.#widen(cell);
    this.touch(cell);
  }

  /** Watches the values that are in the cell, and all that enter it later. */
  watch(cell: Cell, watch: Watch, at: Node): void {
    if (cell.watch >= watch) return;
    cell.watch = watch;
    cell.watchedAt = at;
    if (cell.atoms.size > 0) this.#arrive(new Set(cell.atoms), cell);
  }

  /** Schedules the readers of the cell again, also for changes that are not in its atoms. */
  touch(cell: Cell): void {
    for (const reader of cell.readers ?? []) this.#queue.add(reader);
  }

  /** @throws BudgetExceeded */
  settle(): void {
    this.#drain();
    this.isSettled = true;
    for (const unit of this.#units) this.#queue.add(unit);
    this.#drain();
  }

  /** Too many values to distinguish: all of them count as escaped. */
  #widen(cell: Cell): void {
    const at = this.#current?.at;
    if (at === undefined) return;
    this.watch(cell, Watch.escape, at);
    cell.isWide = true;
    cell.atoms.clear();
    cell.put(UNKNOWN);
    cell.put(PRIMITIVE);
  }

  #arrive(atoms: Value, { watch, watchedAt }: Cell): void {
    if (watchedAt !== undefined) this.#arrivals.push({ atoms, watch, at: watchedAt });
  }

  #drain(): void {
    this.#look();
    for (const unit of this.#queue) {
      this.#queue.delete(unit);
      this.#current = unit;
      unit.evaluate();
      this.#current = undefined;
      this.#look();
    }
  }

  #look(): void {
    for (let next = this.#arrivals.pop(); next !== undefined; next = this.#arrivals.pop()) {
      this.#onWatched(next.atoms, next.watch, next.at);
    }
  }
}
