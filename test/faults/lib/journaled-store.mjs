import { makeOutcome, makeSuspension, newId, newNonce, nextIdOf, nonceOf } from './suspensions.mjs';

/** A store whose user records what it is about to do and what was acknowledged. */
export class JournaledStore {
  #store;
  #journal;

  constructor(store, journal) {
    this.#store = store;
    this.#journal = journal;
  }

  async put(options) {
    const [id, nonce] = [newId(), newNonce()];
    this.#journal.write({ what: 'putting', id, nonce });
    await this.#store.put(makeSuspension(id, nonce, options));
    this.#journal.write({ what: 'put', id, nonce });
    return id;
  }

  async claim(id, owner, nowMs, leaseMs) {
    const answer = await this.#store.claim(id, { owner, leaseUntilMs: nowMs + leaseMs }, nowMs);
    this.#heard(id, answer);
    return answer.fence;
  }

  /** @param fence undefined to cancel */
  async settle(id, fence, state, nowMs, keepMs) {
    const [nonce, next] = [newNonce(), state === 'continued' ? newNonce() : undefined];
    const keepUntilMs = nowMs + keepMs;
    this.#journal.write({ what: 'settling', id, nonce, state, keepUntilMs, next });
    const outcome = makeOutcome(id, state, nonce, nowMs, keepUntilMs);
    const following = next && makeSuspension(nextIdOf(id), next);
    const answer = await this.#store.settle(id, fence, outcome, following);
    if (answer.kind === 'recorded') this.#journal.write({ what: 'recorded', id, nonce });
    this.#heard(id, answer);
    return answer.kind;
  }

  renew(id, fence, leaseUntilMs) {
    return this.#store.renew(id, fence, leaseUntilMs);
  }

  release(id, fence) {
    return this.#store.release(id, fence);
  }

  list(options) {
    return this.#store.list(options);
  }

  sweep(nowMs) {
    return this.#store.sweep(nowMs);
  }

  #heard(id, { kind, outcome }) {
    if (kind === 'settled') this.#journal.write({ what: 'told', id, nonce: nonceOf(id, outcome.content) });
  }
}
