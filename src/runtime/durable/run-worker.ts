import type { Consumption, RunTask, Task } from '../../api/dispatcher.js';
import type { DueSuspension } from '../../api/suspension-store.js';
import type { Telemetry } from '../../metrics/telemetry.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import type { InFlight } from '../../support/in-flight.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { storedRunId } from '../../suspension/durable/durable-store.js';
import { CallWorker } from './call-worker.js';
import { RunPauses } from './run-pauses.js';
import { RunSession } from './session/run-session.js';
import type { SessionParts } from './session/session-parts.js';
import { type TaskRun, TaskSender } from './task-sender.js';

/** How soon what other processes store is found, where no dispatcher tells of it. */
const LOOK_MS = 1_000;
/** How soon it is found that a task was lost: what is due at two looks in a row. Shorter for some, so that not all look at once. */
const SWEEP_MS = 5_000;
const SWEEP_JITTER = 0.3;
/** Of runs that are due, those at which a sweep looks for each that it can take: others take some of them. */
const SWEPT_FOR_EACH = 4;
/** The share of `concurrency` that a sweep notes even while this process is full, to begin as soon as there is room: all processes may always be full. */
const SWEPT_WHEN_FULL = 1 / 4;

export interface WorkerParts extends Omit<SessionParts, 'closing' | 'onRelease' | 'sender'> {
  readonly calls: InFlight;
  readonly telemetry: Telemetry;
  readonly environment: RuntimeEnvironment;
}

interface Driven {
  readonly session: RunSession;
  readonly done: Promise<void>;
  /** The last one that came for it meanwhile. */
  task?: RunTask;
}

/** Takes runs that are due and drives them, so many at the same time; and calls of others. */
export class RunWorker {
  readonly #parts: WorkerParts;
  readonly #closing = new AbortController();
  /** Undefined if nobody needs to be told. */
  readonly #sender: TaskSender | undefined;
  readonly #callWorker: CallWorker | undefined;
  /** By the store's id of the run. */
  readonly #sessions = new Map<string, Driven>();
  readonly #pauses: RunPauses;
  readonly #endLooks: () => void;
  /** What was due at the last sweep. */
  #dueBefore: ReadonlySet<string> = new Set();
  /** What was found at the last sweep, and is taken as soon as there is room. */
  #found: DueSuspension[] = [];
  #consumption: Consumption | undefined;
  #alarm: { readonly atMs: number; callOff(): void } | undefined;
  #looking: Promise<void> | undefined;
  #mustLookAgain = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const { options, telemetry, environment } = parts;
    this.#pauses = new RunPauses(() => environment.now());
    if (options.dispatcher !== undefined) {
      this.#sender = new TaskSender(options.dispatcher, telemetry, environment);
      this.#callWorker = new CallWorker({ ...parts, sender: this.#sender });
    }
    const everyMs = this.#sender === undefined ? LOOK_MS : SWEEP_MS * (1 - SWEEP_JITTER * Math.random());
    // By the application's timers, as its clock; a process that works goes on until it is closed.
    const timer = globalThis.setInterval(() => this.#lookIfRuns(), everyMs);
    this.#endLooks = () => globalThis.clearInterval(timer);
    this.#lookIfRuns();
  }

  /** Takes the tasks that a dispatcher brings, if there is one. @throws whatever the dispatcher throws */
  async begin(): Promise<void> {
    const { options, store } = this.#parts;
    this.#consumption = await options.dispatcher?.consume((task) => this.#handle(task), {
      concurrency: options.concurrency,
      deployments: options.runs ? [...(await store.deployments())] : [],
      extensions: Object.keys(options.extensions),
    });
  }

  /** Something may be due. */
  look(): void {
    // With a dispatcher, a task tells of it; what the task is for has gone on meanwhile, or is found by a sweep.
    if (this.#sender === undefined) this.#look();
  }

  /** There is a message for a run. */
  posted(storedId: string): void {
    const driven = this.#sessions.get(storedId);
    if (driven === undefined) this.look();
    else driven.session.look();
  }

  /** Takes no more runs, and gives back those that wait. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the worker was closed'));
    this.#endLooks();
    this.#alarm?.callOff();
    const consumed = this.#consumption?.close();
    await this.#looking;
    await Promise.all([consumed, this.#callWorker?.close(), ...[...this.#sessions.values()].map(({ done }) => done)]);
  }

  #lookIfRuns(): void {
    if (this.#parts.options.runs) this.#look();
  }

  #look(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#looking !== undefined) {
      this.#mustLookAgain = true;
      return;
    }
    this.#looking = (this.#sender === undefined ? this.#takeDue() : this.#sweep())
      .catch((error: unknown) => this.#parts.telemetry.rejection(error))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#mustLookAgain) return;
        this.#mustLookAgain = false;
        this.#look();
      });
  }

  async #takeDue(): Promise<void> {
    const { options } = this.#parts;
    const free = options.concurrency - this.#sessions.size;
    if (free <= 0) return;
    // Those that pause are due, too, and must not hide others.
    const due = await this.#due(free + this.#pauses.count);
    let begun = 0;
    for (const { id } of due) {
      const runId = parseSuspensionId(id)?.runId;
      if (runId === undefined || begun >= free || !this.#mayBegin(runId)) continue;
      begun++;
      this.#begin(runId, id);
    }
  }

  /**
   * Takes runs whose tasks were lost: they are due, nobody has them, and it was so at the sweep before. A process that has enough to do takes
   * only some of them, so a queue that is merely long is hardly swept. Taking is safe while a task is on its way: the store gives a run to one.
   */
  async #sweep(): Promise<void> {
    const { concurrency } = this.#parts.options;
    const least = Math.ceil(concurrency * SWEPT_WHEN_FULL);
    const most = Math.max(least, concurrency - this.#sessions.size);
    const paused = this.#pauses.count;
    const due = await this.#due(SWEPT_FOR_EACH * most + paused);
    const before = this.#dueBefore;
    this.#dueBefore = new Set(due.map(({ id }) => id));
    const lost = due.filter(({ id }) => before.has(id));
    // Not all processes begin with the same.
    const first = Math.floor(Math.random() * lost.length);
    this.#found = [...lost.slice(first), ...lost.slice(0, first)].slice(0, most + paused);
    this.#takeFound();
  }

  #takeFound(): void {
    const { options, telemetry } = this.#parts;
    while (this.#sessions.size < options.concurrency && !this.#closing.signal.aborted) {
      const next = this.#found.shift();
      if (next === undefined) return;
      const runId = parseSuspensionId(next.id)?.runId;
      if (runId === undefined || !this.#mayBegin(runId)) continue;
      telemetry.runFound();
      this.#begin(runId, next.id);
    }
  }

  /** Of each deployment in turn, so that none waits for another: the store is asked for one at a time. */
  async #due(limit: number): Promise<readonly DueSuspension[]> {
    const { store } = this.#parts;
    const lists: (readonly DueSuspension[])[] = [];
    for (const deployment of await store.deployments()) lists.push(await store.due(limit, deployment));
    const longest = Math.max(...lists.map(({ length }) => length));
    return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat();
  }

  #mayBegin(runId: string): boolean {
    return !this.#sessions.has(runId) && !this.#pauses.has(runId);
  }

  async #handle(task: Task): Promise<void> {
    // A queue may be older than this process, and written to by others.
    if (task.kind === 'call') await this.#callWorker?.handle(task);
    else if (task.kind === 'run') await this.#handleRun(task);
    this.#parts.telemetry.task(task.kind);
  }

  async #handleRun(task: RunTask): Promise<void> {
    const { runId, deployment } = task;
    const { store, options } = this.#parts;
    if (!options.runs || !(await store.deployments()).includes(deployment)) return;
    const stored = storedRunId(runId);
    const driven = this.#sessions.get(stored);
    if (driven !== undefined) {
      driven.task = task;
      return driven.session.look();
    }
    for (;;) {
      while (this.#sessions.size >= options.concurrency) {
        await Promise.race([...this.#sessions.values()].map(({ done }) => done));
      }
      // Another process takes it.
      this.#closing.signal.throwIfAborted();
      const found = await store.current(runId);
      if (found === undefined || found.outcome !== undefined || !this.#mayBegin(stored)) return;
      // Others may have taken the room meanwhile.
      if (this.#sessions.size < options.concurrency) return this.#begin(stored, found.id);
    }
  }

  #begin(runId: string, id: string): Promise<void> {
    const onRelease = (dueAtMs: number, run: TaskRun) =>
      this.#sender === undefined ? this.#expect(dueAtMs) : this.#sender.run(run, dueAtMs);
    const parts = { ...this.#parts, closing: this.#closing.signal, onRelease, sender: this.#sender };
    const session = new RunSession(parts);
    const driven: Driven = { session, done: this.#drive(session, runId, id).finally(() => this.#ended(runId, driven)) };
    this.#sessions.set(runId, driven);
    return driven.done;
  }

  async #ended(runId: string, { session, task }: Driven): Promise<void> {
    this.#sessions.delete(runId);
    // There is room for another one, and there may be a message that came at the last moment.
    this.#takeFound();
    this.look();
    // No other task tells of that.
    if (task === undefined || !session.wasTold) return;
    await this.#handleRun(task).catch(() => this.#sender?.run(task));
  }

  async #drive(session: RunSession, runId: string, id: string): Promise<void> {
    const { calls, telemetry } = this.#parts;
    telemetry.runWorking(1);
    try {
      await calls.run(() => session.drive(id));
      this.#pauses.end(runId);
    } catch (error) {
      telemetry.runPostponed(error);
      this.#pauses.begin(runId);
    } finally {
      telemetry.runWorking(-1);
    }
  }

  /** A run that was given back is due then. Later ones are found by looking. */
  #expect(atMs: number): undefined {
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
