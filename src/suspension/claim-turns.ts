import { clearTimeout, setTimeout } from '../support/timers.js';
import { whenAborted } from '../support/waiting.js';

type Entered = 'entered' | 'aborted' | 'late';

/**
 * The callers of this process that want the same suspension. One of them has its turn and asks the store; the others wait until that one is
 * done, without asking.
 */
export class ClaimTurns {
  /** Who waits, by suspension, for each that somebody has. */
  readonly #waiting = new Map<string, Set<(entered: Entered) => void>>();

  /** Whether somebody of this process has it. */
  isTaken(id: string): boolean {
    return this.#waiting.has(id);
  }

  /**
   * Waits for the caller's turn, in the order of arrival.
   *
   * @param atMostMs how long
   * @returns what ends the turn, once; `'aborted'` if the signal fired first, `'late'` if the time was over
   */
  async enter(
    id: string,
    atMostMs: number,
    signal: AbortSignal | undefined,
  ): Promise<(() => void) | Exclude<Entered, 'entered'>> {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) this.#waiting.set(id, new Set());
    else {
      const entered = await waitIn(waiting, atMostMs, signal);
      if (entered !== 'entered') return entered;
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#pass(id);
    };
  }

  #pass(id: string): void {
    const waiting = this.#waiting.get(id);
    const [next] = waiting ?? [];
    if (next === undefined) this.#waiting.delete(id);
    else next('entered');
  }
}

async function waitIn(
  waiting: Set<(entered: Entered) => void>,
  atMostMs: number,
  signal: AbortSignal | undefined,
): Promise<Entered> {
  const releases: (() => void)[] = [];
  const entered = await new Promise<Entered>((resolve) => {
    const end = (how: Entered) => {
      // Whoever has the turn passes it to nobody that is gone.
      if (waiting.delete(end)) resolve(how);
    };
    waiting.add(end);
    const timer = setTimeout(() => end('late'), atMostMs);
    releases.push(
      () => clearTimeout(timer),
      whenAborted(signal, () => end('aborted')),
    );
  });
  for (const release of releases) release();
  return entered;
}
