import { spawn } from 'node:child_process';

import { Findings, thousands } from '../lib/findings.mjs';

export const title = 'SIGTERM under load';

const PROGRAM = new URL('./workers/served-until-sigterm.mjs', import.meta.url);
const EXIT_TIMEOUT_MS = 40_000;

export async function run({ quick }) {
  const findings = new Findings();
  const rounds = quick ? 2 : 40;
  const sum = { accepted: 0, right: 0, closed: 0, longestMs: 0 };
  for (let round = 0; round < rounds; round++) {
    const isEndless = round % 3 === 1;
    const { report, code, signal, exitMs, stderr } = await serveUntilTerminated(isEndless, 50 + 40 * (round % 5));
    findings.check(code === 0 && signal === null, `the process ended with ${signal ?? code}: ${stderr}`);
    findings.check(report !== undefined, 'the process said nothing of its calls');
    if (report === undefined) continue;
    const { accepted, right, closed, other, refusedAfter } = report;
    findings.check(accepted === right + closed, `${accepted} accepted, ${right} right, ${closed} called off: ${other}`);
    if (!isEndless) findings.check(closed === 0, `${closed} calls that would have ended were called off`);
    findings.check(refusedAfter === 'RUNTIME_CLOSED', `a call after shutdown() got ${refusedAfter}`);
    findings.check(stderr === '', `it wrote to stderr: ${stderr}`);
    sum.accepted += accepted;
    sum.right += right;
    sum.closed += closed;
    sum.longestMs = Math.max(sum.longestMs, exitMs);
  }
  findings.check(sum.accepted > 0, 'no call was under way');
  return findings.end(
    `${rounds} processes: ${thousands(sum.accepted)} calls accepted, ${thousands(sum.right)} right, ` +
      `${sum.closed} endless ones called off; gone ${Math.round(sum.longestMs)} ms after the signal at most`,
  );
}

/** A process under load that receives the signal and shuts its runtime down. It must end without help. */
function serveUntilTerminated(isEndless, afterMs) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM.pathname, JSON.stringify({ isEndless })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let terminatedAt = 0;
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.stdout.on('data', (data) => {
      stdout += data;
      if (terminatedAt > 0 || !stdout.includes('serving\n')) return;
      terminatedAt = performance.now();
      setTimeout(() => {
        terminatedAt = performance.now();
        child.kill('SIGTERM');
      }, afterMs);
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const [, json] = /^report (.*)$/m.exec(stdout) ?? [];
      const exitMs = performance.now() - terminatedAt;
      resolve({ report: json && JSON.parse(json), code, signal, exitMs, stderr });
    });
  });
}
