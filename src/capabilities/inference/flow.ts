import { type Cell, PRIMITIVE, type Unit, type Value } from './atoms.js';

/** How many texts and numbers a cell tells apart before they are just some primitive: loops can build texts for ever. */
const MAX_CONSTANTS = 32;
/** A handler of a few hundred lines takes some 10,000; what takes more is built to take more. */
const MAX_STEPS = 1_000_000;

/** The handler is too large or too entangled to be followed. */
export class BudgetExceeded extends Error {}

/** Evaluates units until nothing changes any more. */
export class Flow {
  readonly #queue = new Set<Unit>();
  #current: Unit | undefined;
  #steps = 0;
  /** Whether all has been evaluated with nothing left to change: then what has no value never gets one. */
  isSettled = false;

  schedule(unit: Unit): void {
    this.#queue.add(unit);
  }

  /** @throws BudgetExceeded */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > MAX_STEPS) throw new BudgetExceeded();
  }

  read(cell: Cell): Value {
    if (this.#current !== undefined) cell.readers.add(this.#current);
    return cell.atoms;
  }

  add(cell: Cell, value: Value): void {
    const before = cell.atoms.size;
    this.step(value.size);
    for (const atom of value) {
      if (cell.atoms.has(atom)) continue;
      const isText = atom.kind === 'constant' || atom.kind === 'prefix';
      if (isText && ++cell.constants > MAX_CONSTANTS) cell.atoms.add(PRIMITIVE);
      else cell.atoms.add(atom);
    }
    if (cell.atoms.size > before) for (const reader of cell.readers) this.#queue.add(reader);
  }

  /** What read the cell has to be evaluated again, for something that is not in its atoms. */
  touch(cell: Cell): void {
    for (const reader of cell.readers) this.#queue.add(reader);
  }

  /** @throws BudgetExceeded */
  settle(all: Iterable<Unit>): void {
    this.#drain();
    this.isSettled = true;
    for (const unit of all) this.#queue.add(unit);
    this.#drain();
  }

  #drain(): void {
    for (const unit of this.#queue) {
      this.#queue.delete(unit);
      this.#current = unit;
      unit.evaluate();
    }
  }
}
