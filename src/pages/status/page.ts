import './status.css';

import type {
  CacheTierNow,
  StatusErrors,
  StatusHello,
  StatusNow,
  StatusTenants,
  TenantNow,
  WorkerNow,
} from '../../server/pages/contract.js';
import { AreaChart, Histogram } from '../shared/chart.js';
import { h, text } from '../shared/dom.js';
import { live } from '../shared/events.js';
import { bytes, count, duration, percent, whole } from '../shared/format.js';
import { openShell } from '../shared/shell.js';
import { Table } from '../shared/table.js';
import { ErrorList, showCounts } from './errors.js';
import { bucketNames, Frames, KEPT_FRAMES, percentile } from './figures.js';
import { card, Tile } from './tiles.js';

const shell = await openShell('status', 'admin');
const frames = new Frames();

const rate = new Tile('Executions per second');
const times = new Tile('Time in the VM, p95');
const failing = new Tile('Errors per minute');
const queue = new Tile('Queue');
const waiting = new Tile('Suspended');
const working = new Tile('Durable runs');

const rates = new AreaChart('Executions per second', ['executions', 'errors'], KEPT_FRAMES, count);
const histogram = new Histogram('Executions of the last minute by time');
const workers = new Table<WorkerNow>({
  caption: 'Workers',
  empty: 'No worker is up: one is started when there is work.',
  keyOf: ({ id }) => String(id),
  versionOf: ({ state }) => state,
  columns: [
    { title: 'Worker', text: ({ id }) => `#${id}` },
    { title: 'State', element: ({ state }) => h('span', { class: `tag ${toneOf(state)}` }, state) },
    {
      title: 'Handler',
      isCut: true,
      class: 'wide',
      text: ({ state, handler }) => handler ?? (state === 'executing' ? 'no name' : ''),
    },
    { title: 'Tenant', isCut: true, class: 'wide', text: ({ tenant = '' }) => tenant },
    { title: 'For', isNumber: true, text: ({ runningMs }) => (runningMs === undefined ? '' : duration(runningMs)) },
    { title: 'VMs', isNumber: true, text: ({ memoryBytes }) => bytes(memoryBytes) },
  ],
});
const cache = new Table<CacheTierNow>({
  caption: 'Cache by tier',
  empty: 'There is no cache.',
  keyOf: ({ name }) => name,
  columns: [
    { title: 'Tier', text: ({ name }) => name },
    { title: 'Hits', isNumber: true, text: ({ hits }) => count(hits) },
    { title: 'Entries', isNumber: true, text: ({ entries }) => (entries === undefined ? '–' : count(entries)) },
    { title: 'Size', isNumber: true, text: ({ bytes: size }) => (size === undefined ? '–' : bytes(size)) },
    { title: 'Evicted', isNumber: true, text: ({ evictions }) => (evictions === undefined ? '–' : count(evictions)) },
    {
      title: 'Refused',
      isNumber: true,
      text: ({ rejections }) => (rejections === undefined ? '–' : count(rejections)),
    },
  ],
});
const tenants = new Table<TenantNow & { readonly perSecond: number }>({
  caption: 'Tenants',
  empty: 'Nothing was executed yet.',
  keyOf: ({ tenant, isOthers }) => (isOthers ? 'others' : `tenant ${tenant ?? ''}`),
  pageSize: 10,
  columns: [
    {
      title: 'Tenant',
      isCut: true,
      class: 'wide',
      text: ({ tenant, isOthers }) => (isOthers ? 'all others' : (tenant ?? 'without a tenant')),
    },
    { title: 'Per second', isNumber: true, text: ({ perSecond }) => count(perSecond) },
    { title: 'Executions', isNumber: true, text: ({ executions }) => count(executions) },
    { title: 'Errors', isNumber: true, text: ({ errors }) => count(errors) },
    { title: 'Time in VMs', isNumber: true, text: ({ cpuUs }) => duration(cpuUs / 1000) },
    { title: 'Instructions', isNumber: true, text: ({ instructions }) => count(instructions) },
    { title: 'Handlers', isNumber: true, text: ({ handlers }) => whole(handlers) },
  ],
});
const errors = new ErrorList();
const kills = h('dl', { class: 'counts' });
const codes = h('dl', { class: 'counts' });
const retirements = h('dl', { class: 'counts' });
const timesNote = h('span', { class: 'quiet' });
const workersNote = h('span', { class: 'quiet' });
const cacheNote = h('span', { class: 'quiet' });
const tenantsNote = h('span', { class: 'quiet' });
const up = h('p', { class: 'quiet up' }, ' ');

shell.main.querySelector('h1')?.after(up);
shell.main.append(
  h('div', { class: 'tiles' }, ...[rate, times, failing, queue, waiting, working].map(({ element }) => element)),
  h(
    'div',
    { class: 'halves' },
    card(
      'Executions per second',
      legend(),
      rates.element,
      h('div', { class: 'axis quiet' }, h('span', {}, '5 min ago'), h('span', {}, 'now')),
    ),
    card('Time in the VM', timesNote, histogram.element),
  ),
  h('div', { class: 'halves' }, card('Workers', workersNote, workers.element), card('Cache', cacheNote, cache.element)),
  h(
    'div',
    { class: 'thirds' },
    card('Stopped by', 'timeouts, by layer', kills),
    card('Errors by code', 'since the start', codes),
    card('Workers ended', 'and VMs given up', retirements),
  ),
  card('Tenants', tenantsNote, tenants.element),
  card('Errors', 'the latest first', errors.element),
);

function legend(): HTMLElement {
  return h(
    'span',
    { class: 'quiet legend' },
    h('span', { class: 'key executions' }),
    'executions ',
    h('span', { class: 'key errors' }),
    'errors',
  );
}

function toneOf(state: WorkerNow['state']): string {
  return state === 'executing' || state === 'compiling' ? 'accent' : '';
}

function drawFrames(): void {
  const perSecond = frames.rate(({ executions }) => executions);
  rates.show(
    [frames.series(({ executions }) => executions), frames.series((frame) => frame.errors)],
    `${count(perSecond)} now`,
  );
  const counts = frames.times();
  const { names, titles } = bucketNames(frames.boundsUs);
  histogram.show(counts, names, titles);
  const at = (part: number) => {
    const us = percentile(counts, frames.boundsUs, part);
    return us === undefined ? '–' : duration(us / 1000);
  };
  text(timesNote, `last minute · p50 ${at(0.5)} · p95 ${at(0.95)} · p99 ${at(0.99)}`);
  times.show(at(0.95), `p50 ${at(0.5)} · p99 ${at(0.99)}`);
  const failed = frames.sum((frame) => frame.errors);
  const executed = frames.sum(({ executions }) => executions);
  const share = executed === 0 ? 0 : failed / executed;
  failing.show(
    count(failed),
    executed === 0 ? 'nothing executed' : `${percent(share)} of executions`,
    toneOfShare(share),
  );
}

function toneOfShare(share: number): '' | 'warn' | 'bad' {
  if (share > 0.2) return 'bad';
  return share > 0.02 ? 'warn' : '';
}

function showNow(now: StatusNow): void {
  frames.add(now.frame);
  const { pool, server } = now;
  const all = pool.busy + pool.idle + pool.starting;
  rate.show(count(frames.rate(({ executions }) => executions)), `${count(now.executions)} since the start`);
  queue.show(count(now.frame.queued), `${pool.busy} of ${all} workers busy`, now.frame.queued > 100 ? 'warn' : '');
  waiting.show(count(now.suspended.waiting), `${bytes(now.suspended.bytes)} in the store`);
  const { due, working: busyRuns, started } = now.runs;
  const dueText = due === undefined ? '' : `${due >= now.mostDue ? `${count(due)} or more` : count(due)} due · `;
  working.show(
    count(busyRuns),
    `${dueText}${count(started)} started here`,
    due !== undefined && due > 100 ? 'warn' : '',
  );
  text(
    up,
    `Up for ${duration(now.uptimeMs)} · ${server.inFlight} requests under way · ${server.streams} streams${server.isDraining ? ' · shutting down' : ''}`,
  );
  text(workersNote, `${pool.busy} busy, ${pool.idle} idle, ${pool.starting} starting · ${bytes(now.vmBytes)} of VMs`);
  const cached = now.cache;
  text(
    cacheNote,
    `${percent(cached.hitRate)} of lookups hit · ${count(cached.misses)} missed · ${count(cached.compilations)} compiled`,
  );
  workers.show(now.workers);
  cache.show(cached.tiers);
  showCounts(kills, now.kills, 'nothing was stopped');
  showCounts(codes, now.errors, 'no errors');
  showCounts(retirements, now.retirements, 'none');
  drawFrames();
}

const before = new Map<string, { readonly executions: number; readonly at: number; readonly perSecond: number }>();

function showTenants({ tenants: list, total }: StatusTenants): void {
  const at = performance.now();
  const rows = list.map((tenant) => {
    const key = tenant.isOthers ? 'others' : `tenant ${tenant.tenant ?? ''}`;
    const known = before.get(key);
    const perSecond =
      known === undefined || at - known.at < 500
        ? (known?.perSecond ?? 0)
        : ((tenant.executions - known.executions) * 1000) / (at - known.at);
    before.set(key, { executions: tenant.executions, at, perSecond });
    return { ...tenant, perSecond };
  });
  if (before.size > 2 * list.length + 100) before.clear();
  tenants.show(rows);
  text(tenantsNote, total > list.length ? `the ${list.length} of ${whole(total)} that used most` : 'by time in VMs');
}

live({
  path: 'ui/status/events',
  onState: (state, refusal) => {
    shell.setLive(state);
    if (state === 'refused' && refusal !== undefined) shell.notify(refusal.message);
  },
  onEvent: (event, data) => {
    if (event === 'hello') {
      const { boundsUs, frames: kept } = data as StatusHello;
      frames.begin(boundsUs, kept);
      drawFrames();
    } else if (event === 'now') showNow(data as StatusNow);
    else if (event === 'tenants') showTenants(data as StatusTenants);
    else if (event === 'errors') errors.take((data as StatusErrors).errors);
  },
});
