import { isCompilation, type JobLane, type QueuePlace, type TenantKey } from './job.js';

/** Places in order of arrival. */
class Line {
  #places: QueuePlace[] = [];
  #head = 0;
  /** The number of dead places behind the head. */
  #dead = 0;

  /** The number of places that are not dead. */
  get size(): number {
    return this.#places.length - this.#head - this.#dead;
  }

  /** The first place that is not dead. */
  first(): QueuePlace | undefined {
    for (;;) {
      const place = this.#places[this.#head];
      if (place === undefined || !place.isDead) return place;
      this.#dead--;
      this.shift();
    }
  }

  /**
   * A place died. Dead places are removed when they are half of all, because searching for each would be
   * quadratic.
   */
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

  /**
   * Takes the first place. Taken places are removed when they are half of the list, because moving the rest
   * each time would be quadratic.
   */
  shift(): void {
    (this.#places as (QueuePlace | undefined)[])[this.#head++] = undefined;
    if (this.#head * 2 < this.#places.length) return;
    this.#places = this.#places.slice(this.#head);
    this.#head = 0;
  }
}

/**
 * The jobs of one tenant: one lane, and so one turn, for executions and compilations together. The two kinds
 * alternate within it, so that a call that must first be compiled does not wait for the whole lane twice.
 */
export class Lane implements JobLane {
  readonly tenant: TenantKey;
  readonly #executions = new Line();
  readonly #compilations = new Line();
  #isCompilationsTurn = false;
  /** The number of counted places. */
  counted = 0;

  constructor(tenant: TenantKey) {
    this.tenant = tenant;
  }

  get size(): number {
    return this.#executions.size + this.#compilations.size;
  }

  /** @param mayCompile whether a compilation may be started now */
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

  /** Takes the place that {@link first} returned. */
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
