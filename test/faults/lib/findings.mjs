const MAX_SHOWN = 12;

/** Collects all violations: the first does not hide the next. */
export class Findings {
  #violations = new Map();

  check(isRight, violation) {
    if (!isRight) this.#violations.set(violation, (this.#violations.get(violation) ?? 0) + 1);
  }

  /** Violations so far. */
  get count() {
    return [...this.#violations.values()].reduce((sum, times) => sum + times, 0);
  }

  /** @throws Error that names every violation; returns the figure if there was none */
  end(figure) {
    if (this.#violations.size === 0) return { figure };
    const lines = [...this.#violations].map(([violation, times]) =>
      times > 1 ? `${violation} (${times}×)` : violation,
    );
    if (lines.length > MAX_SHOWN) lines.splice(MAX_SHOWN, Infinity, `… and ${lines.length - MAX_SHOWN} more`);
    throw Object.assign(new Error(lines.join('\n')), { isFinding: true, figure });
  }
}

export function thousands(number) {
  return Math.round(number).toLocaleString('en-US');
}

export function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** The result, or `fallback` if there is none in time. */
export async function within(ms, promise, fallback) {
  let timer;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, fallback);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
