// A program with approvals, the tools that it calls, and what must hold of both, whatever happens to its processes.
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two approvals at once of which one may be rejected, a call that follows, and one more approval. */
export const PROGRAM = `
  const first = await tools.ledger.read({ what: 'balance' });
  const [a, b] = await Promise.all(['a', 'b'].map((to) =>
    tools.pay.send({ to, amount: 10 }).catch(({ name }) => name)));
  const note = await tools.ledger.note({ text: [a, b].join() });
  const c = await tools.pay.send({ to: 'c', amount: 20 }).catch(({ name }) => name);
  return { first, a, b, note, c };`;

/** Calls of {@link PROGRAM} by the name of their value. */
const CALLS = { first: 'c1', a: 'c2', b: 'c3', note: 'c4', c: 'c5' };
const APPROVED = ['a', 'b', 'c'];

/**
 * A service that takes idempotency keys: what it did is a file of that name, which is made once.
 *
 * @param point called before and after it does something
 */
export function service(directory, point = () => {}) {
  mkdirSync(directory, { recursive: true });
  const act = (what, input, { callId, isApproved }) => {
    point('before');
    const file = join(directory, callId.replace(':', '~'));
    appendFileSync(`${directory}.asked`, `${callId}\n`);
    const done = { token: randomUUID(), what, input, isApproved };
    try {
      writeFileSync(file, JSON.stringify(done), { flag: 'wx' });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    point('after');
    return JSON.parse(readFileSync(file, 'utf8')).token;
  };
  const tool = (key, properties, needsApproval) => ({
    inputSchema: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
    needsApproval,
    execute: (input, info) => act(key, input, info),
  });
  const text = { type: 'string' };
  return {
    'ledger.read': tool('ledger.read', { what: text }, false),
    'ledger.note': tool('ledger.note', { text }, false),
    'pay.send': tool('pay.send', { to: text, amount: { type: 'number' } }, true),
  };
}

/** Whether a call of a run is approved: a fifth is rejected, always the same ones. */
export function isApproved(callId) {
  let sum = 0;
  for (const character of callId) sum = (sum * 31 + character.charCodeAt(0)) % 1_009;
  return sum % 5 !== 0;
}

/** Decides everything that waits, as often as somebody may click. @returns how many were decided */
export async function decideAll(codeMode, runId) {
  const pending = await codeMode.pending({ runId });
  for (const { callId } of pending) {
    const decide = () => (isApproved(callId) ? codeMode.approve(callId) : codeMode.reject(callId, 'too much'));
    await decide();
    await decide();
  }
  return pending.length;
}

/** What a service did, by call; and how often it was asked. */
export function readService(directory) {
  const done = new Map();
  for (const name of readdirSync(directory)) {
    done.set(name.replace('~', ':'), JSON.parse(readFileSync(join(directory, name), 'utf8')));
  }
  const asked = new Map();
  for (const callId of readFileSync(`${directory}.asked`, 'utf8').split('\n').filter(Boolean)) {
    asked.set(callId, (asked.get(callId) ?? 0) + 1);
  }
  return { done, asked };
}

/** Each call was made once under its key, none without its approval, and the program got what it gave. */
export function checkRun(findings, runId, outcome, { done }) {
  findings.check(outcome?.status === 'success', `${runId} did not succeed: ${outcome?.text}`);
  if (outcome?.status !== 'success') return;
  const expected = new Set();
  for (const [name, number] of Object.entries(CALLS)) {
    const callId = `${runId}:${number}`;
    const value = outcome.result[name];
    const needsApproval = APPROVED.includes(name);
    if (needsApproval && !isApproved(callId)) {
      findings.check(value === 'ApprovalRejectedError', `${callId} was rejected, and its program got ${value}`);
      findings.check(!done.has(callId), `${callId} was rejected, and made`);
      continue;
    }
    expected.add(callId);
    findings.check(done.get(callId)?.token === value, `${callId} gave something else than its program got`);
    findings.check(done.get(callId)?.isApproved === needsApproval, `${callId} was made without its approval`);
  }
  for (const callId of done.keys()) {
    if (callId.startsWith(`${runId}:`))
      findings.check(expected.has(callId), `${callId} was made, and the program has no such call`);
  }
}
