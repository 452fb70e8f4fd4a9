import type { FoundSuspension, SettledState, StoredSuspension, SuspensionStore } from '../../api/suspension-store.js';
import { idOf, makeOutcome, makeSuspension, plain, runOf } from './samples.js';

export const OWNERS = ['one', 'two', 'three'] as const;
type Owner = (typeof OWNERS)[number];
const RUNS = ['a', 'b'] as const;
/** Small numbers, so that leases, expiries and times of keeping cross each other. */
const EXPIRY = 60;
const LEASE = 15;
const DUE = 30;
/**
 * Longer than the expiry: an id that is deleted and then stored again, which never happens in practice, is
 * not continued again.
 */
const KEPT = 70;
const EXPIRED_KEPT = 24 * 60 * 60 * 1000;

const SIMPLE = [
  ...([
    'put',
    'read',
    'current',
    'claim',
    'claim',
    'claim',
    'renew',
    'cancel',
    'sweep',
    'list',
    'due',
    'messages',
  ] as const),
] as const;
const MESSAGES = ['m1', 'm2', 'm3'] as const;

/** What somebody does, at a time, to a generation of a run. Fences are those that the owner was given last. */
export type StoreOperation = { readonly owner: Owner; readonly id: string; readonly at: number } & (
  | { readonly does: (typeof SIMPLE)[number] | 'erase' }
  /** With `dueAtMs`, or never but for messages; without `wake`, as before. */
  | { readonly does: 'release'; readonly wake?: { readonly dueAtMs?: number } }
  | { readonly does: 'post'; readonly message: string }
  | {
      readonly does: 'settle';
      readonly state: 'completed' | 'failed' | 'continued';
      readonly text: string;
      readonly consumed: readonly string[];
    }
);

const ENDS = ['completed', 'failed', 'continued'] as const;
const SORTS_OF_OPERATION = 7;
/** More often, hardly anything else would happen to a run. */
const ERASED_ONCE_IN = 40;

/** @param random a source of whole numbers from 0 to below its argument */
export function randomOperation(random: (below: number) => number, at: number): StoreOperation {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const base = { owner: pick(OWNERS), id: idOf(pick(RUNS), 1 + random(2)), at };
  switch (random(SORTS_OF_OPERATION)) {
    case 0:
      return { ...base, does: 'release', ...pick([{}, { wake: {} }, { wake: { dueAtMs: at + random(LEASE) } }]) };
    case 1:
      return { ...base, does: 'post', message: pick(MESSAGES) };
    case 2: {
      const consumed = MESSAGES.filter(() => random(3) === 0);
      return { ...base, does: 'settle', state: pick(ENDS), text: pick(['x', 'y']), consumed };
    }
    default:
      return { ...base, does: random(ERASED_ONCE_IN) === 0 ? 'erase' : pick(SIMPLE) };
  }
}

/** The fences that an owner presents: of its own last claim of an id, or an invented one. */
export type Fences = ReadonlyMap<string, number>;
export const fenceKey = ({ owner, id }: StoreOperation): string => `${owner} ${id}`;

/** Some are due by themselves: which ones follows from their content. */
const suspensionOf = (id: string, content: string): StoredSuspension => ({
  ...makeSuspension(id, { content, expiresAtMs: EXPIRY }),
  ...(content.endsWith('y') ? {} : { dueAtMs: DUE }),
});
const contentOf = (message: string) => Buffer.from(`content of ${message}`);
const nextIdOf = (id: string) => id.replace(/\d+$/, (generation) => `${Number(generation) + 1}`);
const outcomeOf = (state: SettledState, text: string, at: number) => ({
  ...makeOutcome(state, text, at + KEPT),
  settledAtMs: at,
});

/** Applies the operation to a store. The answer omits what the store may choose: the value of a fence. */
export async function perform(
  store: SuspensionStore,
  operation: StoreOperation,
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
    case 'read':
      return { answer: withoutFence(await store.read(id)) };
    case 'current':
      return { answer: withoutFence(await store.current(runOf(id))) };
    case 'due': {
      const due = await store.due(at, { limit: 100 });
      return { answer: due.map((one) => one.id).sort() };
    }
    case 'messages':
      return { answer: plain(await store.messages(runOf(id))) };
    case 'erase':
      return { answer: await store.erase([runOf(id)]).then(() => 'erased') };
    case 'post': {
      const { message } = operation;
      return { answer: await store.post(runOf(id), { id: message, content: contentOf(message) }) };
    }
    case 'claim': {
      const answer = await store.claim(id, { owner, leaseUntilMs: at + LEASE }, at);
      if (answer.kind !== 'claimed') return { answer: plain(answer) };
      const { fence: mine, ...rest } = answer;
      return { answer: plain(rest), fence: mine };
    }
    case 'renew':
      return { answer: await store.renew(id, fence, at + LEASE) };
    case 'release':
      return { answer: await store.release(id, fence, operation.wake) };
    case 'cancel':
      return { answer: plain(await store.settle(id, undefined, outcomeOf('cancelled', owner, at))) };
    case 'settle': {
      const { state, text, consumed } = operation;
      const next = state === 'continued' ? suspensionOf(nextIdOf(id), `${owner} ${text}`) : undefined;
      return { answer: plain(await store.settle(id, fence, outcomeOf(state, `${owner} ${text}`, at), next, consumed)) };
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

function withoutFence(found: FoundSuspension | undefined): unknown {
  const { lease, ...rest } = found ?? {};
  return plain({ ...rest, ...(lease && { leased: lease.owner }) });
}

interface ModelSuspension {
  readonly content: string;
  /** When it is due, and the messages that do not make it so. */
  dueAtMs: number | undefined;
  seen: readonly string[];
  /** Claims that lapsed, one after the other. */
  losses: number;
  /** Messages of its last claim. */
  claimed: readonly string[];
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
  /** By run: messages that are there, in order, and those that were consumed. */
  readonly #mail = new Map<string, { readonly there: readonly string[]; readonly consumed: readonly string[] }>();
  #claims = 0;
  /** By owner and id: the claim that its fence is from. */
  readonly #held = new Map<string, string>();

  clone(): Model {
    const copy = new Model();
    for (const [id, line] of this.#lines) copy.#lines.set(id, { ...line });
    for (const [key, held] of this.#held) copy.#held.set(key, held);
    for (const [run, mail] of this.#mail) copy.#mail.set(run, mail);
    copy.#claims = this.#claims;
    return copy;
  }

  perform(operation: StoreOperation): unknown {
    const { does, owner, id, at } = operation;
    const line = this.#lines.get(id);
    const isOpen = line?.state === 'suspended' || line?.state === 'resuming';
    const isHolder = line?.state === 'resuming' && line.holder === this.#held.get(fenceKey(operation));
    switch (does) {
      case 'put': {
        if (!id.endsWith('.1')) return 'INVALID_ARGUMENT';
        if (line !== undefined && !isOpen) return 'INVALID_ARGUMENT';
        // The first generation may have been deleted before the others.
        if (line === undefined && this.#currentOf(runOf(id)) !== undefined) return 'INVALID_ARGUMENT';
        if (line === undefined) this.#add(id, 'put');
        return 'put';
      }
      case 'read':
        return this.#read(id);
      case 'current':
        return this.#read(this.#currentOf(runOf(id)));
      case 'due':
        return [...this.#lines.keys()].filter((each) => this.#isDue(each, at)).sort();
      case 'messages': {
        const there = this.#currentOf(runOf(id)) === undefined ? [] : this.#mailOf(runOf(id)).there;
        return plain(there.map((message) => ({ id: message, content: contentOf(message) })));
      }
      case 'erase':
        for (const each of [...this.#lines.keys()]) if (runOf(each) === runOf(id)) this.#lines.delete(each);
        this.#mail.delete(runOf(id));
        return 'erased';
      case 'post':
        return this.#post(runOf(id), operation.message);
      case 'claim': {
        if (line === undefined) return { kind: 'unknown' };
        if (line.state === 'expired') return { kind: 'expired' };
        if (!isOpen) return plain({ kind: 'settled', outcome: this.#outcome(line) });
        if (line.state === 'resuming' && at < line.leaseUntil) return { kind: 'leased', untilMs: line.leaseUntil };
        if (at >= EXPIRY) return { kind: 'expired' };
        const holder = `${owner} ${++this.#claims}`;
        const claimed = this.#mailOf(runOf(id)).there;
        line.losses = line.state === 'resuming' ? line.losses + 1 : 0;
        Object.assign(line, { state: 'resuming', holder, leaseUntil: at + LEASE, claimed });
        this.#held.set(fenceKey(operation), holder);
        const messages = claimed.map((message) => ({ id: message, content: contentOf(message) }));
        const due = line.dueAtMs === undefined ? {} : { dueAtMs: line.dueAtMs };
        const { envelope } = suspensionOf(id, line.content);
        return plain({ kind: 'claimed', ...due, losses: line.losses, envelope, messages });
      }
      case 'renew':
        if (isHolder) line.leaseUntil = at + LEASE;
        return isHolder;
      case 'release':
        if (isHolder) line.state = 'suspended';
        if (isHolder && operation.wake !== undefined) {
          Object.assign(line, { dueAtMs: operation.wake.dueAtMs, seen: line.claimed });
        }
        return isHolder;
      case 'cancel':
        return this.#settle(id, 'cancelled', owner, at, isOpen);
      case 'settle': {
        const answer = this.#settle(id, operation.state, `${owner} ${operation.text}`, at, isHolder);
        const isRecorded = (answer as { kind: string }).kind === 'recorded';
        if (isRecorded) this.#consume(runOf(id), operation.consumed);
        if (isRecorded && operation.state === 'continued') this.#add(nextIdOf(id), `${owner} ${operation.text}`);
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
    const { dueAtMs } = suspensionOf(id, content);
    const wake = { dueAtMs, seen: [], losses: 0, claimed: [] };
    this.#lines.set(id, { content, ...wake, state: 'suspended', holder: '', leaseUntil: 0, outcome });
  }

  #read(id: string | undefined): unknown {
    const line = id === undefined ? undefined : this.#lines.get(id);
    if (id === undefined || line === undefined) return {};
    const { envelope, dueAtMs: _, ...rest } = suspensionOf(id, line.content);
    const { state, dueAtMs, holder } = line;
    if (state !== 'suspended' && state !== 'resuming') return plain({ ...rest, state, outcome: this.#outcome(line) });
    const due = dueAtMs === undefined ? {} : { dueAtMs };
    const leased = state === 'resuming' ? { leased: holder.split(' ')[0] } : {};
    return plain({ ...rest, ...due, envelope, state, ...leased });
  }

  /** The last generation of a run. */
  #currentOf(run: string): string | undefined {
    const generationOf = (id: string) => Number(id.slice(id.indexOf('.') + 1));
    const ids = [...this.#lines.keys()].filter((id) => runOf(id) === run);
    return ids.sort((a, b) => generationOf(a) - generationOf(b)).at(-1);
  }

  #mailOf(run: string) {
    return this.#mail.get(run) ?? { there: [], consumed: [] };
  }

  #post(run: string, message: string): string {
    const current = this.#currentOf(run);
    const line = current === undefined ? undefined : this.#lines.get(current);
    if (line === undefined) return 'unknown';
    if (line.state !== 'suspended' && line.state !== 'resuming') return 'ended';
    const { there, consumed } = this.#mailOf(run);
    if (there.includes(message) || consumed.includes(message)) return 'duplicate';
    this.#mail.set(run, { there: [...there, message], consumed });
    return 'accepted';
  }

  #consume(run: string, ids: readonly string[]): void {
    const { there, consumed } = this.#mailOf(run);
    const taken = there.filter((id) => ids.includes(id));
    this.#mail.set(run, { there: there.filter((id) => !ids.includes(id)), consumed: [...consumed, ...taken] });
  }

  #isDue(id: string, at: number): boolean {
    const line = this.#lines.get(id);
    if (line === undefined || at >= EXPIRY) return false;
    if (line.state !== 'suspended' && (line.state !== 'resuming' || at < line.leaseUntil)) return false;
    if (line.dueAtMs !== undefined && line.dueAtMs <= at) return true;
    return this.#mailOf(runOf(id)).there.some((message) => !line.seen.includes(message));
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
        if (this.#currentOf(runOf(id)) === undefined) this.#mail.delete(runOf(id));
        forgotten++;
      }
    }
    return { expired: expired.sort(), forgotten };
  }

  #outcome({ state, outcome: { text, at, keepUntil } }: ModelSuspension): unknown {
    return { state, content: Buffer.from(text), settledAtMs: at, keepUntilMs: keepUntil };
  }
}
