import type { ConsumeOptions, Consumption, Dispatcher, Task } from '../../api/dispatcher.js';
import type { TestFramework } from './framework.js';

/** How a kind of dispatcher is tested: one of these for each test. */
export interface DispatcherHarness {
  /** A view of one queue, empty at first, as a process has it. May be called again. */
  open(): Dispatcher;
  /** Closes all views, and deletes what is in the queue. */
  dispose(): Promise<void>;
}

const TIMEOUT_MS = 60_000;
const LATER_MS = 300;
const MANY = 100;

/** Tasks as they are delivered, for a test that waits for them. */
class Delivered {
  readonly tasks: Task[] = [];
  #onMore = () => {};

  add(task: Task): void {
    this.tasks.push(task);
    this.#onMore();
  }

  async until(isEnough: (tasks: readonly Task[]) => boolean): Promise<void> {
    while (!isEnough(this.tasks)) {
      await new Promise<void>((resolve) => {
        this.#onMore = resolve;
      });
    }
  }
}

const run = (runId: string, more: { readonly deployment?: string; readonly atMs?: number } = {}): Task => {
  return { kind: 'run', runId, key: runId, deployment: 'one', ...more };
};
const call = (runId: string, callId: string, extension: string): Task => {
  return { kind: 'call', runId, callId, extension, key: `${runId}:${callId}` };
};
const RUNS: ConsumeOptions = { concurrency: 4, deployments: ['one'], extensions: [] };

/**
 * Defines the tests of the contract of {@link Dispatcher}, for one of your own.
 *
 * @param title of the group of tests
 * @param makeHarness called for each test; its queue is empty
 * @param framework `describe`, `it` and `expect` of vitest, Jest or Bun
 */
export function describeDispatcher(
  title: string,
  makeHarness: () => DispatcherHarness,
  framework: TestFramework,
): void {
  const { expect } = framework;
  const it = (name: string, test: (harness: DispatcherHarness) => Promise<void>) =>
    framework.it(
      name,
      async () => {
        const harness = makeHarness();
        try {
          await test(harness);
        } finally {
          await harness.dispose();
        }
      },
      TIMEOUT_MS,
    );

  framework.describe(title, () => {
    it('brings tasks to those who take their deployment or extension, and to nobody else', async (harness) => {
      const producer = harness.open();
      const all = new Delivered();
      const consume = async (deployments: string[], extensions: string[]) => {
        const delivered = new Delivered();
        const handle = async (task: Task) => {
          delivered.add(task);
          all.add(task);
        };
        await harness.open().consume(handle, { concurrency: 4, deployments, extensions });
        return delivered;
      };
      const one = await consume(['one'], []);
      const two = await consume(['two'], ['mail']);
      const odd = await consume([], ['a:b {c} €', '..']);
      await producer.dispatch([run('r1'), run('r2', { deployment: 'two' }), call('r1', 'c1', 'mail')]);
      await producer.dispatch([call('r1', 'c2', 'a:b {c} €'), call('r1', 'c3', '..'), run('r3')]);
      await all.until(({ length }) => length >= 6);
      const keysOf = ({ tasks }: Delivered) => tasks.map(({ key }) => key).sort();
      expect(keysOf(one)).toEqual(['r1', 'r3']);
      expect(keysOf(two)).toEqual(['r1:c1', 'r2']);
      expect(keysOf(odd)).toEqual(['r1:c2', 'r1:c3']);
    });

    it('brings what a task says: all ids of it', async (harness) => {
      const delivered = new Delivered();
      const handle = async (task: Task) => delivered.add(task);
      await harness.open().consume(handle, { ...RUNS, extensions: ['mail'] });
      const ids = ['7', '-', '__proto__', `${'x'.repeat(127)}_`];
      await harness.open().dispatch([...ids.map((id) => run(id)), call('7', 'c999', 'mail')]);
      await delivered.until(({ length }) => length >= 5);
      const found = delivered.tasks.map((task) => [task.kind, task.runId, task.key].join(' ')).sort();
      expect(found).toEqual([...ids.map((id) => `run ${id} ${id}`), 'call 7 7:c999'].sort());
      expect(delivered.tasks.find(({ kind }) => kind === 'call')).toMatchObject({ callId: 'c999', extension: 'mail' });
    });

    it('brings each dispatch of one key: while it is handled, and after that', async (harness) => {
      const producer = harness.open();
      const delivered = new Delivered();
      let finishFirst = () => {};
      const first = new Promise<void>((resolve) => {
        finishFirst = resolve;
      });
      const handle = async (task: Task) => {
        delivered.add(task);
        if (delivered.tasks.length === 1) await first;
      };
      await harness.open().consume(handle, RUNS);
      await producer.dispatch([run('same')]);
      await delivered.until(({ length }) => length >= 1);
      await producer.dispatch([run('same')]);
      await delivered.until(({ length }) => length >= 2);
      finishFirst();
      await producer.dispatch([run('same')]);
      await delivered.until(({ length }) => length >= 3);
    });

    it('brings no task before its time', async (harness) => {
      const delivered = new Delivered();
      const atMs = Date.now() + LATER_MS;
      let early = 0;
      const handle = async (task: Task) => {
        if (task.runId === 'later' && Date.now() < atMs) early++;
        delivered.add(task);
      };
      await harness.open().consume(handle, RUNS);
      await harness.open().dispatch([run('later', { atMs }), run('now'), run('past', { atMs: 1 })]);
      await delivered.until(({ length }) => length >= 3);
      expect(early).toBe(0);
    });

    it('brings a task again when it was not handled', async (harness) => {
      const delivered = new Delivered();
      const handle = async (task: Task) => {
        delivered.add(task);
        if (delivered.tasks.length < 3) throw new Error('not now');
      };
      await harness.open().consume(handle, RUNS);
      await harness.open().dispatch([run('again')]);
      await delivered.until(({ length }) => length >= 3);
    });

    it('brings all of many tasks, shared by those who take them', async (harness) => {
      const delivered = new Delivered();
      const handle = async (task: Task) => delivered.add(task);
      for (let at = 0; at < 3; at++) await harness.open().consume(handle, RUNS);
      const ids = Array.from({ length: MANY }, (_, at) => `r${at}`);
      const producers = [harness.open(), harness.open()];
      await Promise.all(ids.map((id, at) => (producers[at % 2] as Dispatcher).dispatch([run(id)])));
      await delivered.until((tasks) => new Set(tasks.map(({ runId }) => runId)).size === MANY);
    });

    it('that is no longer taken from finishes what was taken, and leaves the rest to others', async (harness) => {
      const producer = harness.open();
      const here = new Delivered();
      let finish = () => {};
      const isFinished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      let handled = 0;
      const slowly = async (task: Task) => {
        here.add(task);
        await isFinished;
        handled++;
      };
      const consumption: Consumption = await harness.open().consume(slowly, { ...RUNS, concurrency: 1 });
      await producer.dispatch([run('first')]);
      await here.until(({ length }) => length >= 1);
      const closed = consumption.close();
      await producer.dispatch([run('second')]);
      const there = new Delivered();
      const handle = async (task: Task) => there.add(task);
      await harness.open().consume(handle, RUNS);
      await there.until((tasks) => tasks.some(({ runId }) => runId === 'second'));
      expect(handled).toBe(0);
      finish();
      await closed;
      expect(handled).toBe(1);
      expect(here.tasks).toHaveLength(1);
    });

    it('rejects when it is closed', async (harness) => {
      const closed = harness.open();
      await closed.close();
      const rejected = (promise: Promise<unknown>) =>
        promise.then(
          () => false,
          () => true,
        );
      expect(await rejected(closed.dispatch([run('late')]))).toBe(true);
      expect(await rejected(closed.consume(async () => {}, RUNS))).toBe(true);
      await closed.close();
    });
  });
}
