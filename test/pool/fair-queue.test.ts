import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FairQueue } from '#build/pool/fair-queue.js';
import { compilationsOf, Job, NO_TENANT, type TenantKey } from '#build/pool/job.js';

const NO_TENANTS: ReadonlySet<TenantKey> = new Set();
const NO_CAP = () => Number.POSITIVE_INFINITY;

let jobs = 0;

function createJob(tenant: TenantKey): Job {
  return new Job({ kind: 'compile', source: '', filename: `${jobs++}.js` }, { tenant, limitMs: 1_000 });
}

/** A queue of jobs that are named `a1`: the tenant, and its number among the tenant's. */
function queueOf(names: string, capOf: (tenant: TenantKey) => number = NO_CAP) {
  const queue = new FairQueue(capOf);
  const byName = new Map<string, Job>();
  const create = (name: string) => {
    const job = createJob(name.replace(/\d+$/, ''));
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
  it('without jobs gives none', () => {
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

  it('takes those without a name, and compilations, for tenants of their own', () => {
    const queue = new FairQueue(NO_CAP);
    const tenants: TenantKey[] = [NO_TENANT, compilationsOf(undefined), compilationsOf('a'), 'a', 'no tenant'];
    for (const tenant of [...tenants, ...tenants]) queue.push(createJob(tenant));
    expect(tenants.map((tenant) => queue.sizeOf(tenant))).toEqual([2, 2, 2, 2, 2]);
    expect(queue.drain().length).toBe(10);
    expect(new Job({ kind: 'compile', source: '', filename: '' }, { limitMs: 1 }).tenant).toBe(NO_TENANT);
  });

  it('keeps the order of many jobs, some taken while others come', () => {
    const queue = new FairQueue(NO_CAP);
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

  it('of a tenant that has no other has the last turn', () => {
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

const CAPS = new Map<TenantKey, number>([
  ['a', 1],
  ['b', 2],
  [compilationsOf(undefined), 1],
  [NO_TENANT, Number.POSITIVE_INFINITY],
]);
const capOf = (tenant: TenantKey) => CAPS.get(tenant) ?? 0;

/** The same in arrays. */
class Model {
  lanes: { readonly tenant: TenantKey; jobs: Job[] }[] = [];
  readonly using = new Map<TenantKey, number>();

  get jobs(): Job[] {
    return this.lanes.flatMap((lane) => lane.jobs);
  }

  jobsOf(tenant: TenantKey): Job[] {
    return this.jobs.filter((job) => job.tenant === tenant);
  }

  isAtCap(tenant: TenantKey): boolean {
    return (this.using.get(tenant) ?? 0) >= capOf(tenant);
  }

  add(job: Job, end: 'front' | 'back'): void {
    let lane = this.lanes.find(({ tenant }) => tenant === job.tenant);
    if (lane === undefined) {
      lane = { tenant: job.tenant, jobs: [] };
      this.lanes.push(lane);
    }
    lane.jobs = end === 'front' ? [job, ...lane.jobs] : [...lane.jobs, job];
  }

  remove(job: Job): void {
    for (const lane of this.lanes) lane.jobs = lane.jobs.filter((other) => other !== job);
    this.lanes = this.lanes.filter((lane) => lane.jobs.length > 0);
  }

  take(batch: ReadonlySet<TenantKey>, fits: (job: Job) => boolean): Job | undefined {
    const lane = this.lanes.find(({ tenant }) => batch.has(tenant) || !this.isAtCap(tenant));
    const job = lane?.jobs[0];
    if (lane === undefined || job === undefined || !fits(job)) return undefined;
    this.lanes = [...this.lanes.filter((other) => other !== lane), lane];
    this.remove(job);
    return job;
  }

  use(tenant: TenantKey, workers: 1 | -1): void {
    this.using.set(tenant, Math.max(0, (this.using.get(tenant) ?? 0) + workers));
  }
}

const tenants = fc.constantFrom(...CAPS.keys());
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('push'), tenant: tenants }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('push front'), tenant: tenants }) },
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
        const queue = new FairQueue(capOf);
        const model = new Model();
        const seen: Job[] = [];
        /** Jobs out of the queue that nobody has removed. */
        const taken: Job[] = [];
        const removed: Job[] = [];
        const create = (tenant: TenantKey) => {
          const job = createJob(tenant);
          seen.push(job);
          return job;
        };
        for (const step of sequence) {
          switch (step.kind) {
            case 'push': {
              const job = create(step.tenant);
              queue.push(job);
              model.add(job, 'back');
              break;
            }
            case 'push front': {
              const job = create(step.tenant);
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
              const job = queue.take(batch, fits);
              expect(job === model.take(batch, fits)).toBe(true);
              if (job === undefined) break;
              expect(taken.includes(job) || removed.includes(job)).toBe(false);
              taken.push(job);
              break;
            }
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
          for (const tenant of CAPS.keys()) expect(queue.sizeOf(tenant)).toBe(model.jobsOf(tenant).length);
          expect(queue.hasEligible).toBe(model.lanes.some(({ tenant }) => !model.isAtCap(tenant)));
        }
        const left = model.jobs;
        const drained = queue.drain();
        expect(drained.map((job) => seen.indexOf(job))).toEqual(left.map((job) => seen.indexOf(job)));
        expect(new Set([...taken, ...removed, ...drained])).toEqual(new Set(seen));
        expect(taken.length + removed.length + drained.length).toBe(seen.length);
        expect([queue.size, queue.hasEligible]).toEqual([0, false]);
      }),
    );
  });
});
