// One of several processes that claim and settle the same suspensions, and that may be stopped at a file operation.
import { existsSync, rmSync, writeFileSync } from 'node:fs';

import { watchFileSteps } from '../../lib/file-steps.mjs';
import { serve, startArguments } from '../../lib/serve.mjs';

const [{ directory, name }] = startArguments();
let lostLinks = 0;
/** Where to stop: at the next link, when this file is there. */
let stopFile;
watchFileSteps({
  before(operation) {
    if (operation !== 'link' || stopFile === undefined || !existsSync(stopFile)) return;
    rmSync(stopFile);
    writeFileSync(`${stopFile}.reached`, '');
    process.kill(process.pid, 'SIGSTOP');
  },
  after(operation, _step, error) {
    if (operation === 'link' && error?.code === 'EEXIST') lostLinks++;
  },
});
const { makeOutcome, makeSuspension, newNonce, nextIdOf, nonceOf, openStore } = await import(
  '../../lib/suspensions.mjs'
);

const store = openStore(directory);
await store.list({ limit: 1 });

serve({
  stopAtNextLink(path) {
    stopFile = path;
    writeFileSync(path, '');
  },
  async claim({ id, nowMs, leaseMs }) {
    const { kind, fence } = await store.claim(id, { owner: name, leaseUntilMs: nowMs + leaseMs }, nowMs);
    return { kind, fence };
  },
  /** Says which outcome is recorded, its own or another, and which one it would have been. */
  async settle({ id, fence, state, nowMs }) {
    const [nonce, next] = [newNonce(), state === 'continued' ? newNonce() : undefined];
    const following = next && makeSuspension(nextIdOf(id), next);
    const { kind, outcome } = await store.settle(id, fence, makeOutcome(id, state, nonce, nowMs), following);
    const recorded = outcome?.state === 'expired' ? 'expired' : outcome && nonceOf(id, outcome.content);
    return { kind, nonce, next, recorded };
  },
  renew: ({ id, fence, untilMs }) => store.renew(id, fence, untilMs),
  sweep: ({ nowMs }) => store.sweep(nowMs),
  async read(id) {
    const found = await store.read(id);
    return found && { state: found.state, nonce: found.outcome && nonceOf(id, found.outcome.content) };
  },
  lostLinks: () => lostLinks,
});
