import type { SettledState, SuspensionStore } from '../../api/suspension-store.js';
import { idOf, makeOutcome, makeSuspension, plain } from './samples.js';

export const OWNERS = ['one', 'two', 'three'] as const;
type Owner = (typeof OWNERS)[number];
const RUNS = ['a', 'b'] as const;
/** Small numbers, so that leases, expiries and times of keeping cross each other. */
const EXPIRY = 60;
const LEASE = 15;
/**
 * Longer than the expiry: an id that is deleted and then stored again, which never happens in practice, is
 * not continued again.
 */
const KEPT = 70;
const EXPIRED_KEPT = 24 * 60 * 60 * 1000;

/** What somebody does, at a time, to a generation of a run. Fences are those that the owner was given last. */
export type Operation = { readonly owner: Owner; readonly id: string; readonly at: number } & (
  | { readonly does: 'put' | 'read' | 'claim' | 'renew' | 'release' | 'cancel' | 'sweep' | 'list' }
  | { readonly does: 'settle'; readonly state: 'completed' | 'failed' | 'continued'; readonly text: string }
);

const SIMPLE = ['put', 'read', 'claim', 'claim', 'claim', 'renew', 'release', 'cancel', 'sweep', 'list'] as const;
const ENDS = ['completed', 'failed', 'continued'] as const;
/** One of so many operations settles. */
const SETTLES_ONE_OF = 4;

/** @param random a source of whole numbers from 0 to below its argument */
export function randomOperation(random: (below: number) => number, at: number): Operation {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const base = { owner: pick(OWNERS), id: idOf(pick(RUNS), 1 + random(2)), at };
  if (random(SETTLES_ONE_OF) > 0) return { ...base, does: pick(SIMPLE) };
  return { ...base, does: 'settle', state: pick(ENDS), text: pick(['x', 'y']) };
}

/** The fences that an owner presents: of its own last claim of an id, or an invented one. */
export type Fences = ReadonlyMap<string, number>;
export const fenceKey = ({ owner, id }: Operation): string => `${owner} ${id}`;

const suspensionOf = (id: string, content: string) => makeSuspension(id, { content, expiresAtMs: EXPIRY });
const nextIdOf = (id: string) => id.replace(/\d+$/, (generation) => `${Number(generation) + 1}`);
const outcomeOf = (state: SettledState, text: string, at: number) => ({
  ...makeOutcome(state, text, at + KEPT),
  settledAtMs: at,
});

/** Applies the operation to a store. The answer omits what the store may choose: the value of a fence. */
export async function perform(
  store: SuspensionStore,
  operation: Operation,
  fences: Fences,
): Promise<{ answer: unknown; fence?: number }> {
  const { does, owner, id, at } = operation;
  const fence = fences.get(fenceKey(operation)) ?? 1_000;
  switch (does) {
    case 'put':
      return {
        answer: await store.put(suspensionOf(id, 'put')).then(
          () => 'put',
          (error) => error.code,
        ),
      };
    case 'read': {
      const found = await store.read(id);
      const { lease, ...rest } = found ?? {};
      return { answer: plain({ ...rest, ...(lease && { leased: lease.owner }) }) };
    }
    case 'claim': {
      const answer = await store.claim(id, { owner, leaseUntilMs: at + LEASE }, at);
      if (answer.kind !== 'claimed') return { answer: plain(answer) };
      return { answer: plain({ kind: 'claimed', envelope: answer.envelope }), fence: answer.fence };
    }
    case 'renew':
      return { answer: await store.renew(id, fence, at + LEASE) };
    case 'release':
      return { answer: await store.release(id, fence) };
    case 'cancel':
      return { answer: plain(await store.settle(id, undefined, outcomeOf('cancelled', owner, at))) };
    case 'settle': {
      const { state, text } = operation;
      const next = state === 'continued' ? suspensionOf(nextIdOf(id), `${owner} ${text}`) : undefined;
      return { answer: plain(await store.settle(id, fence, outcomeOf(state, `${owner} ${text}`, at), next)) };
    }
    case 'sweep': {
      const { expired, forgotten } = await store.sweep(at);
      return { answer: { expired: [...expired].sort(), forgotten } };
    }
    case 'list': {
      const { suspensions } = await store.list({ limit: 100 });
      return { answer: suspensions.map((summary) => `${summary.id} ${summary.state}`) };
    }
  }
}

interface ModelSuspension {
  readonly content: string;
  state: 'suspended' | 'resuming' | SettledState;
  /** Present while resuming. The holder's fence is the newest; no other counts. */
  holder: string;
  leaseUntil: number;
  outcome: { text: string; at: number; keepUntil: number };
}

/**
 * The contract as one would tell it: one suspension a line, its holder by name instead of by fence.
 *
 * An owner's fence is good as long as the claim it came from is the last one: `holder` names claim and owner.
 */
export class Model {
  readonly #lines = new Map<string, ModelSuspension>();
  #claims = 0;
  /** By owner and id: the claim that its fence is from. */
  readonly #held = new Map<string, string>();

  clone(): Model {
    const copy = new Model();
    for (const [id, line] of this.#lines) copy.#lines.set(id, { ...line });
    for (const [key, held] of this.#held) copy.#held.set(key, held);
    copy.#claims = this.#claims;
    return copy;
  }

  perform(operation: Operation): unknown {
    const { does, owner, id, at } = operation;
    const line = this.#lines.get(id);
    const isOpen = line?.state === 'suspended' || line?.state === 'resuming';
    const isHolder = line?.state === 'resuming' && line.holder === this.#held.get(fenceKey(operation));
    switch (does) {
      case 'put': {
        if (!id.endsWith('.1')) return 'INVALID_ARGUMENT';
        if (line !== undefined && !isOpen) return 'INVALID_ARGUMENT';
        if (line === undefined) this.#add(id, 'put');
        return 'put';
      }
      case 'read': {
        if (line === undefined) return {};
        const { envelope, ...rest } = suspensionOf(id, line.content);
        if (!isOpen) return plain({ ...rest, state: line.state, outcome: this.#outcome(line) });
        const leased = line.state === 'resuming' ? { leased: line.holder.split(' ')[0] } : {};
        return plain({ ...rest, envelope, state: line.state, ...leased });
      }
      case 'claim': {
        if (line === undefined) return { kind: 'unknown' };
        if (line.state === 'expired') return { kind: 'expired' };
        if (!isOpen) return plain({ kind: 'settled', outcome: this.#outcome(line) });
        if (line.state === 'resuming' && at < line.leaseUntil) return { kind: 'leased', untilMs: line.leaseUntil };
        if (at >= EXPIRY) return { kind: 'expired' };
        const holder = `${owner} ${++this.#claims}`;
        Object.assign(line, { state: 'resuming', holder, leaseUntil: at + LEASE });
        this.#held.set(fenceKey(operation), holder);
        return plain({ kind: 'claimed', envelope: suspensionOf(id, line.content).envelope });
      }
      case 'renew':
        if (isHolder) line.leaseUntil = at + LEASE;
        return isHolder;
      case 'release':
        if (isHolder) line.state = 'suspended';
        return isHolder;
      case 'cancel':
        return this.#settle(id, 'cancelled', owner, at, isOpen);
      case 'settle': {
        const answer = this.#settle(id, operation.state, `${owner} ${operation.text}`, at, isHolder);
        const isContinued = operation.state === 'continued' && (answer as { kind: string }).kind === 'recorded';
        if (isContinued) this.#add(nextIdOf(id), `${owner} ${operation.text}`);
        return answer;
      }
      case 'sweep':
        return this.#sweep(at);
      case 'list':
        return [...this.#lines].map(([each, { state }]) => `${each} ${state}`).sort();
    }
  }

  #add(id: string, content: string): void {
    const outcome = { text: '', at: 0, keepUntil: 0 };
    this.#lines.set(id, { content, state: 'suspended', holder: '', leaseUntil: 0, outcome });
  }

  #settle(id: string, state: SettledState, text: string, at: number, isAllowed: boolean): unknown {
    const line = this.#lines.get(id);
    if (line === undefined) return { kind: 'unknown' };
    if (line.state !== 'suspended' && line.state !== 'resuming') {
      return plain({ kind: 'settled', outcome: this.#outcome(line) });
    }
    if (!isAllowed) return { kind: 'fenced' };
    Object.assign(line, { state, outcome: { text, at, keepUntil: at + KEPT } });
    return { kind: 'recorded' };
  }

  #sweep(at: number): unknown {
    const expired: string[] = [];
    let forgotten = 0;
    for (const [id, line] of this.#lines) {
      if (line.state === 'suspended' || line.state === 'resuming') {
        if (at < EXPIRY || (line.state === 'resuming' && at < line.leaseUntil)) continue;
        Object.assign(line, { state: 'expired', outcome: { text: '', at, keepUntil: at + EXPIRED_KEPT } });
        expired.push(id);
      } else if (at >= line.outcome.keepUntil) {
        this.#lines.delete(id);
        forgotten++;
      }
    }
    return { expired: expired.sort(), forgotten };
  }

  #outcome({ state, outcome: { text, at, keepUntil } }: ModelSuspension): unknown {
    return { state, content: Buffer.from(text), settledAtMs: at, keepUntilMs: keepUntil };
  }
}
