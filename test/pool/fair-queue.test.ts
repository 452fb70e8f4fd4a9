import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FairQueue } from '#src/pool/fair-queue.js';
import { APPLICATION, isCompilation, Job, NO_TENANT, type TenantKey } from '#src/pool/job.js';
import type { Request } from '#src/protocol/messages.js';

const NO_TENANTS: ReadonlySet<TenantKey> = new Set();
const NO_CAP = () => Number.POSITIVE_INFINITY;

let jobs = 0;

/** @param kind loading is treated as any execution is */
function createJob(tenant: TenantKey, kind: 'compile' | 'load' = 'load'): Job {
  const name = `${jobs++}`;
  const request: Request =
    kind === 'compile' ? { kind, source: '', filename: name } : { kind, key: name, bytecode: new Uint8Array(0) };
  return new Job(request, { tenant, limitMs: 1_000 });
}

/** A queue of jobs that are named `a1`: the tenant, and its number among the tenant's; `A1` is a compilation of the same tenant. */
function queueOf(names: string, capOf: (tenant: TenantKey) => number = NO_CAP, compilers = Number.POSITIVE_INFINITY) {
  const queue = new FairQueue({ capOf, compilers });
  const byName = new Map<string, Job>();
  const create = (name: string) => {
    const tenant = name.replace(/\d+$/, '');
    const job = createJob(tenant.toLowerCase(), tenant === tenant.toLowerCase() ? 'load' : 'compile');
    byName.set(name, job);
    return job;
  };
  const job = (name: string) => byName.get(name) ?? create(name);
  const nameOf = (known: Job | undefined) => [...byName].find(([, other]) => other === known)?.[0];
  const push = (more: string) => {
    for (const name of more.split(' ')) queue.push(job(name));
  };
  const take = (batch: ReadonlySet<TenantKey> = NO_TENANTS, fits?: (job: Job) => boolean) =>
    nameOf(queue.take(batch, fits));
  const takeAll = () => {
    const taken: string[] = [];
    for (let name = take(); name !== undefined; name = take()) taken.push(name);
    return taken.join(' ');
  };
  if (names !== '') push(names);
  return { queue, job, nameOf, push, take, takeAll };
}

describe('a queue', () => {
  it('a queue without jobs gives none', () => {
    const { queue, take } = queueOf('');
    expect([queue.size, queue.sizeOf('a'), queue.hasEligible, take()]).toEqual([0, 0, false, undefined]);
    expect(queue.drain()).toEqual([]);
  });

  it("tenants take turns, each one's jobs in order", () => {
    expect(queueOf('a1 a2 a3 a4 b1 b2 c1').takeAll()).toBe('a1 b1 c1 a2 b2 a3 a4');
  });

  it('gives who comes anew the last turn', () => {
    const { push, take, takeAll } = queueOf('a1 a2 a3 b1 b2');
    expect(take()).toBe('a1');
    push('c1');
    expect(takeAll()).toBe('b1 a2 c1 b2 a3');
  });

  it('takes those without a name, and the application, for tenants of their own', () => {
    const queue = new FairQueue({ capOf: NO_CAP, compilers: 1 });
    const tenants: TenantKey[] = [NO_TENANT, APPLICATION, 'a', 'no tenant', 'application'];
    for (const tenant of [...tenants, ...tenants]) queue.push(createJob(tenant));
    expect(tenants.map((tenant) => queue.sizeOf(tenant))).toEqual([2, 2, 2, 2, 2]);
    expect(queue.drain().length).toBe(10);
    expect(new Job({ kind: 'compile', source: '', filename: '' }, { limitMs: 1 }).tenant).toBe(NO_TENANT);
  });

  it('keeps the order of many jobs, some taken while others come', () => {
    const queue = new FairQueue({ capOf: NO_CAP, compilers: 1 });
    const pushed: Job[] = [];
    const taken: (Job | undefined)[] = [];
    for (let i = 0; i < 3_000; i++) {
      const job = createJob('a');
      pushed.push(job);
      queue.push(job);
      if (i % 3 > 0) taken.push(queue.take(NO_TENANTS));
    }
    while (queue.size > 0) taken.push(queue.take(NO_TENANTS));
    expect(taken.map((job) => job?.request)).toEqual(pushed.map(({ request }) => request));
  });

  it('knows its size, and how much of it is whose', () => {
    const { queue, take } = queueOf('a1 a2 b1');
    expect([queue.size, queue.sizeOf('a'), queue.sizeOf('b'), queue.sizeOf('c')]).toEqual([3, 2, 1, 0]);
    take();
    take();
    expect([queue.size, queue.sizeOf('a'), queue.sizeOf('b')]).toEqual([1, 1, 0]);
  });

  it('notes of a job whether it is queued', () => {
    const { job, push, take } = queueOf('');
    expect(job('a1').isQueued).toBe(false);
    push('a1');
    expect(job('a1').isQueued).toBe(true);
    take();
    expect(job('a1').isQueued).toBe(false);
  });
});

describe('a tenant at its cap', () => {
  const one = () => 1;

  it('is passed over and keeps its turn', () => {
    const { queue, take, takeAll } = queueOf('a1 a2 b1 b2 c1', one);
    queue.occupy('a');
    expect(take()).toBe('b1');
    queue.vacate('a');
    expect(takeAll()).toBe('a1 c1 b2 a2');
  });

  it('waits until one of its workers is free, not all', () => {
    const { queue, take } = queueOf('a1 a2', () => 2);
    queue.occupy('a');
    queue.occupy('a');
    expect([queue.hasEligible, take()]).toEqual([false, undefined]);
    queue.vacate('a');
    expect([queue.hasEligible, take()]).toEqual([true, 'a1']);
  });

  it('has a cap of its own', () => {
    const { queue, take } = queueOf('a1 b1', (tenant) => (tenant === 'a' ? 1 : 2));
    queue.occupy('a');
    queue.occupy('b');
    expect([take(), take()]).toEqual(['b1', undefined]);
  });

  it('is not counted again in a batch that holds it', () => {
    const { queue, take } = queueOf('a1 a2 b1', one);
    queue.occupy('a');
    queue.occupy('b');
    expect(take(new Set(['a']))).toBe('a1');
    expect(take(new Set(['a']))).toBe('a2');
    expect(take(new Set(['a']))).toBeUndefined();
    expect(queue.size).toBe(1);
  });

  it('stays in the queue: sizes count it, and it is drained', () => {
    const { queue, nameOf } = queueOf('a1 a2', one);
    queue.occupy('a');
    expect([queue.size, queue.sizeOf('a')]).toEqual([2, 2]);
    expect(queue.drain().map(nameOf)).toEqual(['a1', 'a2']);
  });

  it('is one again after a worker too many was said to be free', () => {
    const { queue, take } = queueOf('a1', one);
    queue.vacate('a');
    queue.occupy('a');
    expect(take()).toBeUndefined();
  });

  it('leaves something to do only when there are others', () => {
    const { queue, push } = queueOf('a1', one);
    expect(queue.hasEligible).toBe(true);
    queue.occupy('a');
    expect(queue.hasEligible).toBe(false);
    push('b1');
    expect(queue.hasEligible).toBe(true);
  });
});

describe('a job that does not fit', () => {
  it('is not taken, nor is any other in its place', () => {
    const { queue, job, take, takeAll } = queueOf('a1 a2 b1');
    const looked: Job[] = [];
    const fits = (next: Job) => {
      looked.push(next);
      return next !== job('a1');
    };
    expect(take(NO_TENANTS, fits)).toBeUndefined();
    expect(looked).toEqual([job('a1')]);
    expect(queue.size).toBe(3);
    expect(takeAll()).toBe('a1 b1 a2');
  });

  it('is not asked of a tenant that is passed over', () => {
    const { queue, job, take } = queueOf('a1 b1', () => 1);
    queue.occupy('a');
    expect(take(NO_TENANTS, (next) => next !== job('a1'))).toBe('b1');
  });
});

describe('a job that comes again', () => {
  it('comes before all others of its tenant', () => {
    const { queue, job, take, takeAll } = queueOf('a1 a2 b1 a3');
    expect(take()).toBe('a1');
    queue.pushFront(job('a1'));
    expect([queue.size, queue.sizeOf('a'), job('a1').isQueued]).toEqual([4, 3, true]);
    expect(takeAll()).toBe('b1 a1 a2 a3');
  });

  it('comes in order with others when the last comes first', () => {
    const { queue, job, take, takeAll } = queueOf('a1 a2 a3 a4 a5');
    for (let i = 0; i < 3; i++) take();
    for (const name of ['a3', 'a2', 'a1', 'a0']) queue.pushFront(job(name));
    expect(takeAll()).toBe('a0 a1 a2 a3 a4 a5');
  });

  it('a job that comes again of a tenant that has no other has the last turn', () => {
    const { queue, job, takeAll } = queueOf('a1 a2');
    queue.pushFront(job('b1'));
    expect(takeAll()).toBe('a1 b1 a2');
  });
});

describe('a job that is removed', () => {
  it.each([
    ['the first', 'a1', 'a2 b1 a3'],
    ['one in the middle', 'a2', 'a1 b1 a3'],
    ['the last', 'a3', 'a1 b1 a2'],
    ["a tenant's only one", 'b1', 'a1 a2 a3'],
  ])('is never taken: %s', (_which, name, left) => {
    const { queue, job, takeAll } = queueOf('a1 a2 b1 a3');
    queue.remove(job(name));
    expect(job(name).isQueued).toBe(false);
    expect(queue.size).toBe(3);
    expect(queue.sizeOf('a') + queue.sizeOf('b')).toBe(3);
    expect(takeAll()).toBe(left);
    expect(queue.size).toBe(0);
  });

  it('does not take the turn of the next one', () => {
    const { queue, job, takeAll } = queueOf('a1 a2 b1');
    queue.remove(job('a1'));
    expect(takeAll()).toBe('a2 b1');
  });

  it('counts once, however often it is removed', () => {
    const { queue, job, take } = queueOf('a1 a2');
    queue.remove(job('a1'));
    queue.remove(job('a1'));
    expect([queue.size, queue.sizeOf('a')]).toEqual([1, 1]);
    expect(take()).toBe('a2');
    queue.remove(job('a2'));
    expect([queue.size, queue.sizeOf('a')]).toEqual([0, 0]);
  });

  it('leaves nothing to do when it was the only one', () => {
    const { queue, job, take, push } = queueOf('a1');
    queue.remove(job('a1'));
    expect([queue.hasEligible, take(), queue.drain()]).toEqual([false, undefined, []]);
    push('a2');
    expect(take()).toBe('a2');
  });
});

describe('draining', () => {
  it('empties the queue of all that is still wanted', () => {
    const { queue, job, nameOf, takeAll, push } = queueOf('a1 a2 a3 b1 c1');
    queue.remove(job('a2'));
    queue.remove(job('c1'));
    expect(queue.drain().map(nameOf)).toEqual(['a1', 'a3', 'b1']);
    expect([queue.size, queue.sizeOf('a'), queue.sizeOf('b'), queue.hasEligible]).toEqual([0, 0, 0, false]);
    expect(job('a1').isQueued).toBe(false);
    push('b2 a4');
    expect(takeAll()).toBe('b2 a4');
  });
});

describe('compilations and executions of a tenant', () => {
  it('have one turn together, and take it in turns', () => {
    expect(queueOf('a1 a2 a3 A1 A2 b1 b2 b3').takeAll()).toBe('a1 b1 A1 b2 a2 b3 A2 a3');
  });

  it('have one account: a worker that compiles for a tenant is one that it uses', () => {
    const { queue, take } = queueOf('a1 A1 b1', () => 1);
    queue.occupy('a');
    queue.countCompiler(1);
    expect([take(), take(), queue.hasEligible]).toEqual(['b1', undefined, false]);
    queue.vacate('a');
    expect(take()).toBe('a1');
  });

  it('are told apart when so many workers compile as may: executions go on', () => {
    const { queue, take, takeAll } = queueOf('A1 a1 B1 b1', NO_CAP, 1);
    queue.countCompiler(1);
    expect([take(), take(), take(), queue.hasEligible]).toEqual(['a1', 'b1', undefined, false]);
    expect([queue.size, queue.compilations]).toEqual([2, 2]);
    queue.countCompiler(-1);
    expect(takeAll()).toBe('A1 B1');
  });
});

describe('a compilation that another tenant joins', () => {
  const long = 'a1 a2 a3 a4 A1 A2 A3';

  it("does not wait for the other's queue", () => {
    const { queue, job, take } = queueOf(long);
    queue.join(job('A3'), 'b');
    expect([take(), take()]).toEqual(['a1', 'A3']);
  });

  it('is on the account of the one whose turn it was', () => {
    const { queue, job, take } = queueOf(long, () => 1);
    queue.occupy('a');
    expect(take()).toBeUndefined();
    queue.join(job('A2'), 'b');
    expect(take()).toBe('A2');
    expect(job('A2').tenant).toBe('b');
  });

  it('is taken once, from whichever queue it is taken', () => {
    const { queue, job, takeAll } = queueOf('A1 a1 b1');
    for (const tenant of ['b', 'c', 'b']) queue.join(job('A1'), tenant);
    expect(takeAll().split(' ').sort()).toEqual(['A1', 'a1', 'b1']);
    expect([queue.size, queue.compilations, queue.hasEligible]).toEqual([0, 0, false]);
  });

  it('counts once, for the tenant that queued it', () => {
    const { queue, job } = queueOf('A1 b1');
    queue.join(job('A1'), 'b');
    queue.join(job('A1'), 'c');
    expect([queue.size, queue.sizeOf('a'), queue.sizeOf('b'), queue.sizeOf('c')]).toEqual([2, 1, 1, 0]);
  });

  it('a joined compilation that is removed is in no queue any more', () => {
    const { queue, job, takeAll } = queueOf('A1 b1');
    for (const tenant of ['b', 'c']) queue.join(job('A1'), tenant);
    queue.remove(job('A1'));
    expect([job('A1').isQueued, queue.size, takeAll(), queue.hasEligible]).toEqual([false, 1, 'b1', false]);
  });

  it('a joined compilation that comes again comes for the tenant that it was begun for', () => {
    const { queue, job, take, takeAll } = queueOf('A1 A2 b1');
    queue.join(job('A2'), 'c');
    expect([take(), take(), take()]).toEqual(['A1', 'b1', 'A2']);
    queue.pushFront(job('A2'));
    expect([queue.sizeOf('a'), queue.sizeOf('c')]).toEqual([0, 1]);
    expect(takeAll()).toBe('A2');
  });
});

const CAPS = new Map<TenantKey, number>([
  ['a', 1],
  ['b', 2],
  [APPLICATION, 1],
  [NO_TENANT, Number.POSITIVE_INFINITY],
]);
const COMPILERS = 2;
const capOf = (tenant: TenantKey) => CAPS.get(tenant) ?? 0;

type Kind = 'executions' | 'compilations';

const kindOf = (job: Job): Kind => (isCompilation(job) ? 'compilations' : 'executions');

interface ModelLane extends Record<Kind, Job[]> {
  readonly tenant: TenantKey;
  isCompilationsTurn: boolean;
}

/** The same in arrays. */
class Model {
  lanes: ModelLane[] = [];
  readonly using = new Map<TenantKey, number>();
  compiling = 0;

  get jobs(): Job[] {
    return [...new Set(this.lanes.flatMap(({ executions, compilations }) => [...executions, ...compilations]))];
  }

  countedOf(tenant: TenantKey): number {
    const lane = this.lanes.find((other) => other.tenant === tenant);
    return lane === undefined
      ? 0
      : [...lane.executions, ...lane.compilations].filter((job) => job.tenant === tenant).length;
  }

  isAtCap(tenant: TenantKey): boolean {
    return (this.using.get(tenant) ?? 0) >= capOf(tenant);
  }

  firstOf({ executions, compilations, isCompilationsTurn }: ModelLane, isAnyTime = false): Job | undefined {
    const [execution] = executions;
    const [compilation] = this.compiling < COMPILERS || isAnyTime ? compilations : [];
    return isCompilationsTurn ? (compilation ?? execution) : (execution ?? compilation);
  }

  get hasEligible(): boolean {
    return this.lanes.some((lane) => this.firstOf(lane) !== undefined && !this.isAtCap(lane.tenant));
  }

  add(job: Job, end: 'front' | 'back', tenant = job.tenant): void {
    let lane = this.lanes.find((other) => other.tenant === tenant);
    if (lane === undefined) {
      lane = { tenant, executions: [], compilations: [], isCompilationsTurn: false };
      this.lanes.push(lane);
    }
    const jobs = lane[kindOf(job)];
    if (jobs.includes(job)) return;
    lane[kindOf(job)] = end === 'front' ? [job, ...jobs] : [...jobs, job];
  }

  remove(job: Job): void {
    const isOther = (other: Job) => other !== job;
    for (const lane of this.lanes) {
      lane.executions = lane.executions.filter(isOther);
      lane.compilations = lane.compilations.filter(isOther);
    }
    this.lanes = this.lanes.filter(({ executions, compilations }) => executions.length + compilations.length > 0);
  }

  take(batch: ReadonlySet<TenantKey>, fits: (job: Job) => boolean): { job: Job; tenant: TenantKey } | undefined {
    const lane = this.lanes.find(
      (other) => this.firstOf(other) !== undefined && (batch.has(other.tenant) || !this.isAtCap(other.tenant)),
    );
    const job = lane && this.firstOf(lane);
    if (lane === undefined || job === undefined || !fits(job)) return undefined;
    this.lanes = [...this.lanes.filter((other) => other !== lane), lane];
    lane.isCompilationsTurn = !isCompilation(job);
    this.remove(job);
    return { job, tenant: lane.tenant };
  }

  drain(): Job[] {
    const drained: Job[] = [];
    for (const lane of [...this.lanes]) {
      for (let job = this.firstOf(lane, true); job !== undefined; job = this.firstOf(lane, true)) {
        lane.isCompilationsTurn = !isCompilation(job);
        drained.push(job);
        this.remove(job);
      }
    }
    return drained;
  }

  use(tenant: TenantKey, workers: 1 | -1): void {
    this.using.set(tenant, Math.max(0, (this.using.get(tenant) ?? 0) + workers));
  }
}

const tenants = fc.constantFrom(...CAPS.keys());
const kinds = fc.constantFrom('load', 'compile');
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('push'), tenant: tenants, job: kinds }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('push front'), tenant: tenants, job: kinds }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join'), tenant: tenants, pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compilers'), difference: fc.constantFrom(1, -1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('come again'), pick: fc.nat() }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('take'), batch: fc.uniqueArray(tenants), unfit: fc.integer({ max: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove'), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('occupy'), tenant: tenants }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('vacate'), tenant: tenants }) },
);

describe('any sequence of steps', () => {
  it('gives what simple arrays give; every job is taken once at most, and none is lost', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 200, size: 'max' }), (sequence) => {
        const queue = new FairQueue({ capOf, compilers: COMPILERS });
        const model = new Model();
        const seen: Job[] = [];
        /** Jobs from the queue that were not removed. */
        const taken: Job[] = [];
        const removed: Job[] = [];
        const create = (tenant: TenantKey, kind: 'load' | 'compile') => {
          const job = createJob(tenant, kind);
          seen.push(job);
          return job;
        };
        for (const step of sequence) {
          switch (step.kind) {
            case 'push': {
              const job = create(step.tenant, step.job);
              queue.push(job);
              model.add(job, 'back');
              break;
            }
            case 'push front': {
              const job = create(step.tenant, step.job);
              queue.pushFront(job);
              model.add(job, 'front');
              break;
            }
            case 'come again': {
              const [job] = taken.splice(step.pick % Math.max(1, taken.length), 1);
              if (job === undefined) break;
              queue.pushFront(job);
              model.add(job, 'front');
              break;
            }
            case 'take': {
              const batch = new Set(step.batch);
              const fits = (job: Job) => seen.indexOf(job) % 7 !== step.unfit;
              const expected = model.take(batch, fits);
              const job = queue.take(batch, fits);
              expect(job === expected?.job).toBe(true);
              if (job === undefined) break;
              expect(job.tenant).toBe(expected?.tenant);
              expect(taken.includes(job) || removed.includes(job)).toBe(false);
              taken.push(job);
              break;
            }
            case 'join': {
              const waiting = seen.filter((job) => job.isQueued && isCompilation(job));
              const job = waiting[step.pick % Math.max(1, waiting.length)];
              if (job === undefined) break;
              queue.join(job, step.tenant);
              model.add(job, 'back', step.tenant);
              break;
            }
            case 'compilers':
              queue.countCompiler(step.difference);
              model.compiling = Math.max(0, model.compiling + step.difference);
              break;
            case 'remove': {
              const job = seen[step.pick % Math.max(1, seen.length)];
              if (job === undefined) break;
              if (job.isQueued) removed.push(job);
              queue.remove(job);
              model.remove(job);
              break;
            }
            case 'occupy':
              queue.occupy(step.tenant);
              model.use(step.tenant, 1);
              break;
            case 'vacate':
              queue.vacate(step.tenant);
              model.use(step.tenant, -1);
              break;
            default:
              throw step satisfies never;
          }
          expect(queue.size).toBe(model.jobs.length);
          expect(queue.compilations).toBe(model.jobs.filter(isCompilation).length);
          for (const tenant of CAPS.keys()) expect(queue.sizeOf(tenant)).toBe(model.countedOf(tenant));
          expect(queue.hasEligible).toBe(model.hasEligible);
        }
        const left = model.drain();
        const drained = queue.drain();
        expect(drained.map((job) => seen.indexOf(job))).toEqual(left.map((job) => seen.indexOf(job)));
        expect(new Set([...taken, ...removed, ...drained])).toEqual(new Set(seen));
        expect(taken.length + removed.length + drained.length).toBe(seen.length);
        expect([queue.size, queue.hasEligible]).toEqual([0, false]);
      }),
    );
  });
});
