import type { StoredMessage } from '../../api/suspension-store.js';
import type { HeldLease } from '../held-lease.js';
import type { DurableContent } from './durable-envelope.js';

/** The claim on a generation of a run. */
export interface HeldGeneration {
  readonly id: string;
  readonly content: DurableContent;
  readonly messages: readonly StoredMessage[];
  /** Whether nobody has told its effects yet. */
  readonly isArrival: boolean;
  readonly dueAtMs: number | undefined;
  /** Claims that were lost before, one after the other. */
  readonly losses: number;
  readonly lost: AbortSignal;
  /** Gives it back: as it was, or due at a time, or only by messages. */
  release(next?: { readonly dueAtMs?: number }): Promise<void>;
  /** What {@link DurableStore.advance} and {@link DurableStore.finish} need. */
  readonly fence: number;
  readonly lease: HeldLease;
  readonly bytes: number;
}

export interface AdvanceOptions {
  /** When it is due at the latest, by the store's clock: it expires long after that. */
  readonly untilMs?: number;
  /** When it is due, if what was told before need not be told again. Default: at once, to be told */
  readonly dueAtMs?: number | 'never';
  /** For how long it is kept, from now on. Default: as `suspensionTtlMs` says */
  readonly keptMs?: number;
}
