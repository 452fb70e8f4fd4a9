import type { DueSuspension } from '../../api/suspension-store.js';
import type { Telemetry } from '../../metrics/telemetry.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import type { InFlight } from '../../support/in-flight.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { RunSession } from './run-session.js';
import type { SessionParts } from './session-parts.js';

/** How soon what other processes store is found. */
const LOOK_MS = 1_000;
/** A run that cannot go on now is tried again, less and less often. */
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 60_000;
/** Of runs whose pauses are remembered. */
const MAX_PAUSED = 10_000;

export interface WorkerParts extends Omit<SessionParts, 'closing' | 'onRelease'> {
  readonly calls: InFlight;
  readonly telemetry: Telemetry;
  readonly environment: RuntimeEnvironment;
}

/** Takes runs that are due and drives them, so many at the same time. */
export class RunWorker {
  readonly #parts: WorkerParts;
  readonly #closing = new AbortController();
  /** By the store's id of the run. */
  readonly #sessions = new Map<string, { readonly session: RunSession; readonly done: Promise<void> }>();
  readonly #pauses = new Map<string, { readonly untilMs: number; readonly pauseMs: number }>();
  readonly #endLooks: () => void;
  #alarm: { readonly atMs: number; callOff(): void } | undefined;
  #looking: Promise<void> | undefined;
  #mustLookAgain = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    // By the application's timers, as its clock; a process that works goes on until it is closed.
    const timer = globalThis.setInterval(() => this.look(), LOOK_MS);
    this.#endLooks = () => globalThis.clearInterval(timer);
    this.look();
  }

  /** Something may be due. */
  look(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#looking !== undefined) {
      this.#mustLookAgain = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error: unknown) => this.#parts.telemetry.rejection(error))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#mustLookAgain) return;
        this.#mustLookAgain = false;
        this.look();
      });
  }

  /** There is a message for a run. */
  posted(storedRunId: string): void {
    const driven = this.#sessions.get(storedRunId);
    if (driven === undefined) this.look();
    else driven.session.look();
  }

  /** Takes no more runs, and gives back those that wait. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the worker was closed'));
    this.#endLooks();
    this.#alarm?.callOff();
    await this.#looking;
    await Promise.all([...this.#sessions.values()].map(({ done }) => done));
  }

  async #look(): Promise<void> {
    const { options, environment } = this.#parts;
    const free = options.concurrency - this.#sessions.size;
    if (free <= 0) return;
    let begun = 0;
    for (const { id } of await this.#due(free)) {
      const runId = parseSuspensionId(id)?.runId;
      if (runId === undefined || this.#sessions.has(runId) || begun >= free) continue;
      if ((this.#pauses.get(runId)?.untilMs ?? 0) > environment.now()) continue;
      begun++;
      this.#begin(runId, id);
    }
  }

  /** Of each deployment in turn, so that none waits for another: the store is asked for one at a time. */
  async #due(free: number): Promise<readonly DueSuspension[]> {
    const { store } = this.#parts;
    // Those that pause are due, too, and must not hide others.
    const limit = free + this.#pauses.size;
    const lists: (readonly DueSuspension[])[] = [];
    for (const deployment of await store.deployments()) lists.push(await store.due(limit, deployment));
    const longest = Math.max(...lists.map(({ length }) => length));
    return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat();
  }

  #begin(runId: string, id: string): void {
    const onRelease = (dueAtMs: number) => this.#expect(dueAtMs);
    const session = new RunSession({ ...this.#parts, closing: this.#closing.signal, onRelease });
    const done = this.#drive(session, runId, id).finally(() => {
      this.#sessions.delete(runId);
      // There is room for another one, and there may be a message that came at the last moment.
      this.look();
    });
    this.#sessions.set(runId, { session, done });
  }

  async #drive(session: RunSession, runId: string, id: string): Promise<void> {
    const { calls, environment, telemetry } = this.#parts;
    telemetry.runWorking(1);
    try {
      await calls.run(() => session.drive(id));
      this.#pauses.delete(runId);
    } catch (error) {
      telemetry.runPostponed(error);
      const before = this.#pauses.get(runId)?.pauseMs;
      const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(LAST_PAUSE_MS, 2 * before);
      if (this.#pauses.size >= MAX_PAUSED) this.#pauses.clear();
      this.#pauses.set(runId, { untilMs: environment.now() + pauseMs, pauseMs });
    } finally {
      telemetry.runWorking(-1);
    }
  }

  /** A run that was given back is due then. Later ones are found by looking. */
  #expect(atMs: number): void {
    const { environment } = this.#parts;
    if (this.#closing.signal.aborted || (this.#alarm !== undefined && this.#alarm.atMs <= atMs)) return;
    this.#alarm?.callOff();
    const ring = () => {
      this.#alarm = undefined;
      this.look();
    };
    this.#alarm = { atMs, callOff: environment.alarm(atMs, ring, false) };
  }
}
