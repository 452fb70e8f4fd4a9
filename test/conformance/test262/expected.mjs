import { readFileSync } from 'node:fs';

/**
 * What is expected to fail, in groups with a reason: lines that begin with `#` are the reason of the lines below them, up to an empty line.
 * A line is `feature NAME`, a path with `*` for anything, or a path and a mode.
 */
export class ExpectedFailures {
  #features = new Map();
  #patterns = [];

  static read(file) {
    return new ExpectedFailures(readFileSync(file, 'utf8'));
  }

  constructor(text) {
    for (const group of text.split(/\n\s*\n/)) {
      const lines = group.split('\n').filter((line) => line !== '');
      const reason = lines
        .filter((line) => line.startsWith('#'))
        .map((line) => line.slice(1).trim())
        .join(' ');
      const entries = lines.filter((line) => !line.startsWith('#'));
      if (entries.length > 0 && reason === '')
        throw new Error(`These expected failures have no reason: ${entries[0]} …`);
      for (const entry of entries) this.#add(entry, reason);
    }
  }

  #add(entry, reason) {
    const [, feature] = /^feature (\S+)$/.exec(entry) ?? [];
    if (feature !== undefined) this.#features.set(feature, reason);
    else {
      const source = entry
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*');
      this.#patterns.push({ entry, reason, expression: new RegExp(`^${source}(?: (?:sloppy|strict))?$`), times: 0 });
    }
  }

  /** The reason, undefined when there is none. */
  reasonOf({ test, mode }) {
    const feature = test.features.find((name) => this.#features.has(name));
    if (feature !== undefined) return this.#features.get(feature);
    const pattern = this.#patterns.find(({ expression }) => expression.test(`${test.path} ${mode}`));
    if (pattern !== undefined) pattern.times++;
    return pattern?.reason;
  }

  /** Entries that nothing fell under. */
  get unused() {
    return this.#patterns.filter(({ times }) => times === 0).map(({ entry }) => entry);
  }
}
