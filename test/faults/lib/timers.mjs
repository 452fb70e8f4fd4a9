// Handlers whose timers and requests go over many processes.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Findings } from './findings.mjs';

const WORKER = fileURLToPath(new URL('../timers/workers/resuming.mjs', import.meta.url));
const QUICK_HANDLERS = 16;
/** Each has two timers and two requests: ten thousand of them. */
const HANDLERS = 2_500;
/** One process advances at most so many. */
const PER_PROCESS = 250;
const QUICK_PER_PROCESS = 16;
const MAX_DELAY_MS = 2_000;
/** A lease of a killed process lasts so long; others wait for it. */
const MAX_ROUNDS = 5_000;

/** @returns what a fault returns to the campaign */
export async function runTimers({ quick, handlers, seed = '1', scratch }, { kills }) {
  const findings = new Findings();
  const count = Number(handlers ?? (quick ? QUICK_HANDLERS : HANDLERS));
  const perProcess = quick ? QUICK_PER_PROCESS : PER_PROCESS;
  const random = mulberry32(Number(seed));
  const suspensionDir = join(scratch, 'suspended');
  mkdirSync(suspensionDir, { mode: 0o700 });

  const requests = new Map();
  const server = createServer((request, response) => {
    requests.set(request.url, (requests.get(request.url) ?? 0) + 1);
    response.end(`answer to ${request.url}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${server.address().port}`;
  const base = `http://${host}`;

  const delay = () => Math.floor(random() * (quick ? MAX_DELAY_MS / 10 : MAX_DELAY_MS));
  const open = new Map(
    Array.from({ length: count }, (_, index) => [index, { index, delays: [delay(), delay()], wakeAt: 0 }]),
  );
  const ended = new Map();
  let processes = 0;
  let killed = 0;
  let latest = 0;
  for (let round = 0; open.size > 0 && round < MAX_ROUNDS; round++) {
    const now = Date.now();
    const due = [...open.values()].filter(({ wakeAt }) => wakeAt <= now).slice(0, perProcess);
    // In the quick form a process advances them all: starting one is what takes time.
    if (due.length === 0 || (quick && due.length < open.size)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    for (const { wakeAt } of due) if (wakeAt > 0) latest = Math.max(latest, now - wakeAt);
    const file = join(scratch, 'tasks.json');
    writeFileSync(file, JSON.stringify({ suspensionDir, base, host, tasks: due }));
    processes++;
    // After so many of its lines it is killed; half of the processes come to their end.
    const killAfter = kills && random() < 0.5 ? Math.floor(random() * due.length) : undefined;
    const wasKilled = await advance(file, killAfter, (line) => {
      const task = open.get(line.index);
      if (task === undefined) return;
      if (line.status === 'suspended') Object.assign(task, { suspensionId: line.suspensionId, wakeAt: line.wakeAt });
      else if (line.status === 'success') {
        open.delete(line.index);
        ended.set(line.index, line);
      } else if (line.error?.code === 'SUSPENSION_BUSY') task.wakeAt = Date.now();
      else findings.check(false, `handler ${line.index}: ${JSON.stringify(line)}`);
    });
    if (wasKilled) killed++;
  }
  server.close();
  server.closeAllConnections();

  let early = 0;
  let repeated = 0;
  for (const [index, { returnValue, events, replayed }] of ended) {
    const [first, a, second, b] = returnValue;
    if (first < 0 || second < 0) early++;
    for (const [i, text] of [a, b].entries()) {
      if (text !== `answer to /${index}/${i}`) findings.check(false, `handler ${index} has another answer: ${text}`);
    }
    if (!replayed && events.length !== 1) findings.check(false, `handler ${index} emitted ${events.length} events`);
  }
  for (const [url, times] of requests) {
    if (times === 1) continue;
    repeated++;
    // Only what a killed process had begun is made again.
    if (!kills) findings.check(false, `${url} was requested ${times} times`);
  }
  const lost = count - ended.size;
  if (lost > 0) findings.check(false, `${lost} handlers did not end`);
  if (early > 0) findings.check(false, `${early} handlers had a timer that was early`);
  const killing = kills ? `, ${killed} killed, ${repeated} requests made again` : '';
  return findings.end(
    `${4 * count} timers and requests, ${processes} processes${killing}: ${early} early, ${lost} lost, at most ${latest} ms late`,
  );
}

function advance(file, killAfter, onLine) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [WORKER, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let lines = 0;
    let isKilled = false;
    createInterface({ input: child.stdout }).on('line', (text) => {
      onLine(JSON.parse(text));
      if (killAfter === undefined || isKilled || ++lines <= killAfter) return;
      isKilled = true;
      child.kill('SIGKILL');
    });
    child.on('close', () => resolve(isKilled));
  });
}

function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
