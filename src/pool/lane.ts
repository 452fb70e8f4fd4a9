import { isCompilation, type JobLane, type QueuePlace, type TenantKey } from './job.js';

/** Places in the order in which they came. */
class Line {
  #places: QueuePlace[] = [];
  #head = 0;
  /** Dead ones behind the head. */
  #dead = 0;

  /** Those that are not dead. */
  get size(): number {
    return this.#places.length - this.#head - this.#dead;
  }

  /** The first that is not dead. */
  first(): QueuePlace | undefined {
    for (;;) {
      const place = this.#places[this.#head];
      if (place === undefined || !place.isDead) return place;
      this.#dead--;
      this.shift();
    }
  }

  /** One of them died. They are left where they are until they are half of all: looking for each would be quadratic. */
  noteDead(): void {
    this.#dead++;
    if (this.#dead * 2 < this.#places.length - this.#head) return;
    this.#places = this.#places.slice(this.#head).filter((place) => !place.isDead);
    this.#head = 0;
    this.#dead = 0;
  }

  push(place: QueuePlace): void {
    this.#places.push(place);
  }

  unshift(place: QueuePlace): void {
    if (this.#head > 0) this.#places[--this.#head] = place;
    else this.#places.unshift(place);
  }

  /** Takes the first. What was taken is let go of half a list at a time: moving all others up for each would be quadratic. */
  shift(): void {
    (this.#places as (QueuePlace | undefined)[])[this.#head++] = undefined;
    if (this.#head * 2 < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }
}

/**
 * What waits for one tenant: one lane, and so one turn and one account, for executions and compilations together. Within it the two
 * kinds take turns, so that a call that has to be compiled first does not wait for the whole lane twice.
 */
export class Lane implements JobLane {
  readonly tenant: TenantKey;
  readonly #executions = new Line();
  readonly #compilations = new Line();
  #isCompilationsTurn = false;
  /** Places that count. */
  counted = 0;

  constructor(tenant: TenantKey) {
    this.tenant = tenant;
  }

  get size(): number {
    return this.#executions.size + this.#compilations.size;
  }

  /** @param mayCompile whether a compilation may be begun now */
  first(mayCompile: boolean): QueuePlace | undefined {
    const compilation = mayCompile ? this.#compilations.first() : undefined;
    if (compilation !== undefined && this.#isCompilationsTurn) return compilation;
    return this.#executions.first() ?? compilation;
  }

  push(place: QueuePlace): void {
    this.#note(place);
    this.#lineOf(place).push(place);
  }

  unshift(place: QueuePlace): void {
    this.#note(place);
    this.#lineOf(place).unshift(place);
  }

  /** Takes what {@link first} gave. */
  shift(place: QueuePlace): void {
    this.#isCompilationsTurn = !isCompilation(place.job);
    this.#lineOf(place).shift();
    this.#forget(place);
  }

  noteDead(place: QueuePlace): void {
    this.#lineOf(place).noteDead();
    this.#forget(place);
  }

  #lineOf({ job }: QueuePlace): Line {
    return isCompilation(job) ? this.#compilations : this.#executions;
  }

  #note(place: QueuePlace): void {
    if (place.isCounted) this.counted++;
  }

  #forget(place: QueuePlace): void {
    if (place.isCounted) this.counted--;
  }
}
