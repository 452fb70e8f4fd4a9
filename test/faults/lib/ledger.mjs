import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { nextIdOf, nonceOf } from './suspensions.mjs';

/** Records what a process is about to do, and what was acknowledged to it. A line survives a kill. */
export class Journal {
  #file;

  constructor(directory, name) {
    this.#file = openSync(join(directory, `${name}.journal`), 'a');
  }

  write(line) {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** All journals together, and what they guarantee about the store. */
export class Ledger {
  /** By id: the nonces that a put or a continuation was started with. */
  #begun = new Map();
  /** By id: the nonce whose put was acknowledged. */
  #put = new Map();
  /** By id and nonce: an outcome whose recording was started. */
  #intents = new Map();
  /** By id: nonces of outcomes that were acknowledged as the recorded one. */
  #recorded = new Map();
  /** By id: nonces of outcomes that a caller received. */
  #told = new Map();

  constructor(directory) {
    for (const name of readdirSync(directory)) {
      for (const line of readFileSync(join(directory, name), 'utf8').split('\n')) {
        if (line !== '') this.#read(JSON.parse(line));
      }
    }
  }

  get acknowledgedPuts() {
    return this.#put.size;
  }

  get acknowledgedOutcomes() {
    return this.#recorded.size;
  }

  get ids() {
    return [...this.#begun.keys()];
  }

  #read({ what, id, nonce, ...rest }) {
    if (what === 'putting') addTo(this.#begun, id, nonce);
    if (what === 'put') this.#put.set(id, nonce);
    if (what === 'settling') {
      this.#intents.set(`${id} ${nonce}`, rest);
      if (rest.next !== undefined) addTo(this.#begun, nextIdOf(id), rest.next);
    }
    if (what === 'recorded') addTo(this.#recorded, id, nonce);
    if (what === 'told') addTo(this.#told, id, nonce);
  }

  /** Compares it with the current content of the store. */
  async check(store, nowMs, findings) {
    for (const id of this.ids) {
      const found = await store.read(id);
      this.#checkOne(id, found, findings, nowMs);
      const outcome = found?.outcome && nonceOf(id, found.outcome.content);
      const next = found?.state === 'continued' ? this.#intents.get(`${id} ${outcome}`)?.next : undefined;
      if (next === undefined) continue;
      const continued = await store.read(nextIdOf(id));
      if (continued === undefined) findings.check(false, 'continued, and the next generation is lost');
      else findings.check(continued.info.nonce === next, 'continued with what another one gave');
    }
  }

  #checkOne(id, found, findings, nowMs) {
    const recorded = this.#recorded.get(id) ?? new Set();
    findings.check(recorded.size <= 1, 'completed twice: two were acknowledged');
    if (found === undefined) {
      const isKept = [...recorded].every((nonce) => nowMs < this.#intents.get(`${id} ${nonce}`).keepUntilMs);
      // A call that was settled without an acknowledgement may be forgotten when its time has expired.
      const isForgettable = this.#intentsOf(id).some(({ keepUntilMs }) => nowMs >= keepUntilMs);
      const isPromised = this.#put.has(id) || recorded.size > 0;
      findings.check(!isPromised || (isForgettable && (recorded.size === 0 || !isKept)), 'acknowledged and lost');
      return;
    }
    findings.check(this.#begun.get(id).has(found.info.nonce), 'begun with what nobody gave');
    if (this.#put.has(id)) findings.check(found.info.nonce === this.#put.get(id), 'not what was put');
    if (found.outcome === undefined) {
      findings.check(nonceOf(id, found.envelope) === found.info.nonce, 'a torn envelope');
      findings.check(recorded.size === 0, 'completed, and not any more');
      findings.check(!this.#told.has(id), 'told as settled, and not any more');
      return;
    }
    if (found.state === 'expired') {
      findings.check(nowMs >= found.expiresAtMs, 'expired before its time');
      findings.check(recorded.size === 0 && !this.#told.has(id), 'completed, and expired');
      return;
    }
    const nonce = nonceOf(id, found.outcome.content);
    findings.check(this.#intents.get(`${id} ${nonce}`)?.state === found.state, 'an outcome that nobody gave');
    for (const other of [...recorded, ...(this.#told.get(id) ?? [])]) {
      findings.check(other === nonce, 'completed twice: another outcome than was acknowledged');
    }
  }

  #intentsOf(id) {
    return [...this.#intents].filter(([key]) => key.startsWith(`${id} `)).map(([, intent]) => intent);
  }
}

function addTo(map, key, value) {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}
