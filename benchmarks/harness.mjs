// Measures in batches and reports medians: on shared machines the mean tells of the neighbours.
import { cpus } from 'node:os';

const WARM_UP_MS = 300;
const BATCHES = 60;
const BATCH_MS = 15;

/**
 * Lowest, median and 99th percentile over batches of the mean time of one call, in microseconds. Batches are long enough for the
 * clock, so the percentile tells of slow batches, not of single slow calls.
 *
 * @param {() => unknown} run awaited when it returns a promise
 */
export async function measure(run) {
  const perBatch = await callsWithin(run, BATCH_MS);
  const batches = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = performance.now();
    for (let i = 0; i < perBatch; i++) await run();
    batches.push(((performance.now() - start) / perBatch) * 1000);
  }
  batches.sort((a, b) => a - b);
  return {
    lowestUs: batches[0],
    medianUs: batches[BATCHES >> 1],
    p99Us: batches[Math.floor(BATCHES * 0.99)],
    calls: perBatch * BATCHES,
  };
}

/**
 * Several in turn, so that a busy neighbour hits all of them: for each the lowest and the median over rounds of the mean
 * time of one call, in microseconds.
 *
 * @param {(() => Promise<unknown>)[]} runs
 */
export async function measureInTurn(runs, { rounds = 25, calls = 100 } = {}) {
  const times = runs.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, run] of runs.entries()) {
      // What ran before it took the caches.
      for (let call = 0; call < calls / 10; call++) await run();
      const start = performance.now();
      for (let call = 0; call < calls; call++) await run();
      // The first round warms up.
      if (round > 0) times[i].push(((performance.now() - start) / calls) * 1000);
    }
  }
  return times.map((sample) => {
    sample.sort((a, b) => a - b);
    return { lowestUs: sample[0], medianUs: sample[sample.length >> 1] };
  });
}

/** Warms up, then says how many calls fit into a batch. */
async function callsWithin(run, batchMs) {
  let calls = 0;
  const start = performance.now();
  while (performance.now() - start < WARM_UP_MS) {
    await run();
    calls++;
  }
  return Math.max(1, Math.round((calls / WARM_UP_MS) * batchMs));
}

export function printMachine() {
  const [cpu] = cpus();
  console.log(`Node ${process.version}, ${process.arch}, ${cpus().length} × ${cpu?.model ?? 'unknown'}\n`);
}

/** @param {string[]} header @param {(string | number)[][]} rows */
export function printTable(header, rows) {
  const lines = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const render = (line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  console.log(render(lines[0]));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const line of lines.slice(1)) console.log(render(line));
}

export const us = (value) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} µs`;
