/** What can end a wait: an AbortSignal, or what behaves like one. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface WaitOptions {
  readonly signal?: Signal;
}

/** A wait that a signal may end. */
export interface Followed {
  /** @param stop ends what is waited for */
  begin(stop: () => void): void;
  /** The wait is over. @returns false if it was before */
  end(): boolean;
}

/** @returns undefined if the signal is aborted already: then the wait is rejected */
export function followSignal(signal: Signal | undefined, reject: (reason: unknown) => void): Followed | undefined {
  if (signal?.aborted === true) {
    reject(signal.reason);
    return undefined;
  }
  // A signal may be of the handler's own making, and call more often than once.
  let isOver = false;
  let stopWait = () => {};
  const end = () => {
    if (isOver) return false;
    isOver = true;
    signal?.removeEventListener('abort', stop);
    return true;
  };
  const stop = () => {
    if (isOver) return;
    isOver = true;
    stopWait();
    signal?.removeEventListener('abort', stop);
    reject(signal?.reason);
  };
  return {
    begin(stopped) {
      stopWait = stopped;
      signal?.addEventListener('abort', stop);
    },
    end,
  };
}
