// The targets, for two cores and Node 20, by the medians of one run. `ofShort` is the wide margin of the
// short form, which finds defects on any machine and says nothing about speed. Targets without one are
// absolute times, which the short form does not check.
import { bytes, ratio, us } from './harness/format.mjs';

/** The questions that targets are judged by. */
export const JUDGED = ['pristine', 'pool', 'library', 'diversity', 'suspend', 'context-named', 'prepared', 'awaits'];

const rows = (results, question, table, isIt = () => true) => {
  if (!JUDGED.includes(question)) throw new Error(`a target is judged by ${question}, which JUDGED does not name`);
  const { tables = [] } = results.questions.find(({ id }) => id === question) ?? {};
  const all = tables.find(({ id }) => id === table)?.rows ?? [];
  return all.filter((row) => row.unavailable === undefined && isIt(row));
};
const row = (...what) => rows(...what)[0];
const named =
  (beginning) =>
  ({ subject }) =>
    subject.startsWith(beginning);

/** How many times as long the fastest variant of a peer takes. */
function slower(results, question, table, beginning) {
  const ours = row(results, question, table, named('nexus-runtime'));
  const theirs = rows(results, question, table, named(beginning)).map(({ medianUs }) => medianUs);
  return ours && theirs.length > 0 ? Math.min(...theirs) / ours.medianUs : undefined;
}

const atLeast = (target, ofShort) => ({ target, ofShort, isAtLeast: true, format: ratio });

const pristine = (peer, beginning, target, ofShort) => ({
  title: `pristine execution in one thread, against ${peer}`,
  ...atLeast(target, ofShort),
  measure: (results) => slower(results, 'pristine', 'quick-start', beginning),
});

const atRest = (awaits, compare, limits) => ({
  title: `suspended handler at rest, after ${awaits} await${awaits === 1 ? '' : 's'}${compare ? ', quickjs-wasi snapshot against it' : ''}`,
  ...limits,
  measure(results) {
    const ours = row(results, 'suspend', `${awaits}`, named('nexus-runtime: kept in files'));
    if (!compare) return ours?.bytes;
    const theirs = row(results, 'suspend', `${awaits}`, named('quickjs-wasi'));
    return ours && theirs && theirs.bytes / ours.bytes;
  },
});

const preparedContext = (what, table, target, ofShort) => ({
  title: `prepared context of 9,000 records, ${what}, against isolated-vm`,
  ...atLeast(target, ofShort),
  measure: (results) => slower(results, 'prepared', table, 'isolated-vm: new context'),
});

const diverse = (title, key) => ({
  title: `many different handlers that fit the cache against 10, ${title}`,
  target: 1.3,
  ofShort: 4,
  format: ratio,
  measure: (results) => rows(results, 'diversity', 'fits').at(-1)?.[key],
});

/** How many times as long, or as much processor time, the run of another product takes. */
const awaiting = (product, beginning, awaits, key, target, ofShort) => ({
  title: `run with ${awaits} await${awaits === 1 ? '' : 's'}, against ${product}${key === 'cpuUs' ? ', processor time' : ''}`,
  ...atLeast(target, ofShort),
  measure(results) {
    const ours = row(results, 'awaits', `alone-${awaits}`, named('nexus-runtime: run'));
    const theirs = row(results, 'awaits', `alone-${awaits}`, named(beginning));
    return ours && theirs && theirs[key] / ours[key];
  },
});
const isolated = (awaits, target, ofShort) =>
  awaiting('isolated-vm, async reference', 'isolated-vm', awaits, 'p50Us', target, ofShort);

const ours64 = (results) =>
  row(results, 'pool', 'pool', ({ subject, inFlight }) => subject === 'nexus-runtime' && inFlight === 64);
const KIB = 1024;

export const TARGETS = [
  pristine('isolated-vm, new context', 'isolated-vm: new context', 8, 2.5),
  pristine('quickjs-emscripten, new runtime', 'quickjs-emscripten: new runtime', 12, 3),
  pristine('quickjs-wasi, restore', 'quickjs-wasi: restore', 40, 10),
  {
    title: 'throughput of the pool, 64 in flight, against `run`',
    ...atLeast(40, 10),
    measure(results) {
      const theirs = rows(results, 'pool', 'pool', (r) => r.subject.startsWith('run') && r.inFlight === 64);
      if (theirs.length === 0) return undefined;
      return ours64(results)?.perSecond / Math.max(...theirs.map(({ perSecond }) => perSecond));
    },
  },
  {
    title: 'handler on lodash, later runs, against evaluating it each time (quickjs-emscripten)',
    ...atLeast(100, 25),
    measure: (results) => slower(results, 'library', 'lodash', 'quickjs-emscripten: new runtime'),
  },
  {
    title: '1 MB of state, two keys named, against isolated-vm given all',
    ...atLeast(15, 3),
    measure: (results) => slower(results, 'context-named', '1000', 'isolated-vm'),
  },
  {
    title: '1 MB of state, two keys named, against everything entering',
    ...atLeast(40, 4),
    measure: (results) => slower(results, 'context-named', '1000', 'nexus-runtime: everything'),
  },
  preparedContext('one field read', 'one', 15, 4),
  preparedContext('all read', 'all', 1.5, 0.5),
  isolated(1, 1.5, 0.15),
  isolated(5, 1.2, 0.1),
  isolated(10, 1.2, 0.05),
  isolated(50, 1, 0.03),
  awaiting('`run`', 'run: host', 10, 'p50Us', 5, 0.1),
  awaiting('`run`', 'run: host', 10, 'cpuUs', 4, 0.1),
  awaiting('`run`', 'run: host', 50, 'p50Us', 5, 0.1),
  awaiting('`run`', 'run: host', 50, 'cpuUs', 4, 0.1),
  diverse('one at a time', 'aloneRatio'),
  diverse('64 in flight', 'inFlightRatio'),
  atRest(1, false, { target: 16 * KIB, ofShort: 32 * KIB, format: bytes }),
  atRest(100, false, { target: 16 * KIB, ofShort: 48 * KIB, format: bytes }),
  atRest(1, true, atLeast(100, 50)),
  atRest(100, true, atLeast(100, 25)),
  {
    title: 'resume after 100 awaits, against replay in `run`',
    ...atLeast(50, 8),
    measure: (results) => slower(results, 'suspend', '100', 'run'),
  },
  {
    title: 'main-thread time of an execution, 64 in flight',
    target: 25,
    format: us,
    measure: (results) => ours64(results)?.mainUs,
  },
];

/** @param {boolean} isShort whether to use the wide margin */
export function judge(results, isShort) {
  return TARGETS.map(({ title, target, ofShort, isAtLeast = false, format, measure }) => {
    const limit = isShort ? ofShort : target;
    const value = measure(results);
    const bound = limit === undefined ? undefined : `${isAtLeast ? 'at least' : 'at most'} ${format(limit)}`;
    const judged = { title, target, limit, bound, value, measured: format(value) };
    if (value === undefined || Number.isNaN(value)) return { ...judged, verdict: 'not measured' };
    if (limit === undefined) return { ...judged, verdict: 'not judged' };
    const factor = isAtLeast ? limit / value : value / limit;
    return { ...judged, verdict: factor <= 1 ? 'met' : `missed: ${ratio(factor)} off` };
  });
}
