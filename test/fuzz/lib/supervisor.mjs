// Runs the cases of a target in a separate process, and starts another process after a case that ended it.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Holds } from './holds.mjs';
import { loadTarget } from './targets.mjs';

const RUNNER = fileURLToPath(new URL('runner.mjs', import.meta.url));
/** A case that takes as long does not end. Compiling and shrinking are within it. */
const HANG_MS = 120_000;
const LOOK_MS = 1_000;
const SHOWN_STDERR = 2_000;
/** A target that ends its process this often has shown what it can show. */
const MAX_ABORTS = 20;

/**
 * Runs the cases of a target up to `to`, or up to the deadline.
 *
 * @param campaign `{ name, seed, to, deadline, isShort, state, onProgress }`; the state says where to begin and keeps what was found
 */
export async function runTarget({ name, seed, to, deadline, isShort, state, onProgress }) {
  const { nodeOptions = [] } = await loadTarget(name);
  const folder = mkdtempSync(join(tmpdir(), 'nexus-fuzz-'));
  const positionPath = join(folder, 'position');
  const until = (from, end) => runProcess({ name, seed, from, to: end, deadline, isShort, positionPath, nodeOptions });
  const aborts = () => state.of(name).findings.filter(({ kind }) => kind === 'abort').length;
  try {
    while (state.of(name).next < to && Date.now() < deadline && aborts() < MAX_ABORTS) {
      const before = state.of(name);
      const startedAt = performance.now();
      let latest;
      const end = await until(
        before.next,
        to,
      )((report) => {
        latest = report;
        keep(state, name, before, report, startedAt);
        onProgress(state.of(name));
      });
      if (latest?.isLast) break;
      const { next: reported, findings } = state.of(name);
      const index = Math.max(readPosition(positionPath), reported - 1, before.next);
      const alone = await until(index, index + 1)(() => {});
      const isReproducible = alone.status !== 'ended';
      const message = `${end.status}, ${isReproducible ? 'alone, too' : 'not alone'}: ${end.stderr}`;
      state.update(name, { next: index + 1, findings: [...findings, { index, kind: 'abort', message }] });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return state.of(name);
}

function keep(state, name, before, { next, findings, holds, kinds }, startedAt) {
  const merged = new Holds(before.holds).merge(holds).toJSON();
  const counts = { ...before.kinds };
  for (const [kind, times] of Object.entries(kinds)) counts[kind] = (counts[kind] ?? 0) + times;
  const seconds = before.seconds + (performance.now() - startedAt) / 1_000;
  state.update(name, { next, findings: [...before.findings, ...findings], holds: merged, kinds: counts, seconds });
}

/** @returns a function that takes what hears the reports, and resolves with how the process ended */
function runProcess({ name, seed, from, to, deadline, isShort, positionPath, nodeOptions }) {
  return (onReport) =>
    new Promise((resolve, reject) => {
      writeFileSync(positionPath, Buffer.alloc(8));
      const process = fork(
        RUNNER,
        [name, seed, from, to, positionPath, deadline, isShort ? 'short' : 'long'].map(String),
        {
          stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
          execArgv: nodeOptions,
        },
      );
      let stderr = '';
      let isHung = false;
      let isOpen = false;
      let hasEnded = false;
      const look = setInterval(() => {
        isHung = Date.now() - statSync(positionPath).mtimeMs > HANG_MS;
        if (isHung) process.kill('SIGKILL');
      }, LOOK_MS);
      process.stderr.on('data', (data) => {
        stderr = (stderr + data).slice(-SHOWN_STDERR);
      });
      process.on('message', (report) => {
        isOpen ||= report.isOpen === true;
        if (report.isOpen) return;
        hasEnded ||= report.isLast;
        onReport(report);
      });
      process.on('close', (code, signal) => {
        clearInterval(look);
        // No case has run: this is a fault of the target, or of its surroundings.
        if (!isOpen) reject(new Error(`The target ${name} cannot be opened: ${stderr}`));
        const how = isHung
          ? `the case did not end in ${HANG_MS / 1_000} s`
          : `the process ended with ${signal ?? code}`;
        resolve({ status: hasEnded && code === 0 ? 'ended' : how, stderr });
      });
    });
}

function readPosition(path) {
  return readFileSync(path).readDoubleLE(0);
}
