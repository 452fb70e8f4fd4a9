import { readFileSync } from 'node:fs';

const BY_DESIGN = 'By design';

/**
 * What is expected to fail, in groups with a reason: lines that begin with `#` are the reason of the lines below them, up to an empty line.
 * A line is `feature NAME`, `include FILE` of the harness, a path with `*` for anything, or a path and a mode. What a reason that begins
 * with `By design` covers is left out of one of the rates, whether it passes or not.
 */
export class ExpectedFailures {
  /** Reasons by name, of features and of files of the harness. */
  #features = new Map();
  #includes = new Map();
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
    const [, kind, name] = /^(feature|include) (\S+)$/.exec(entry) ?? [];
    if (kind === 'feature') this.#features.set(name, reason);
    else if (kind === 'include') this.#includes.set(name, reason);
    else {
      const source = entry
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*');
      this.#patterns.push({ entry, reason, expression: new RegExp(`^${source}(?: (?:sloppy|strict))?$`), times: 0 });
    }
  }

  /** The reason for a run that failed, undefined when there is none. */
  reasonOf(run) {
    const pattern = this.#patternOf(run);
    if (pattern !== undefined) pattern.times++;
    return pattern?.reason ?? this.#reasonOfWhatItNeeds(run);
  }

  /** Whether it is about something that handlers do without on purpose. */
  isByDesign(run) {
    const reason = this.#patternOf(run)?.reason ?? this.#reasonOfWhatItNeeds(run);
    return reason?.startsWith(BY_DESIGN) ?? false;
  }

  #patternOf({ test, mode }) {
    return this.#patterns.find(({ expression }) => expression.test(`${test.path} ${mode}`));
  }

  #reasonOfWhatItNeeds({ test }) {
    const feature = test.features.find((name) => this.#features.has(name));
    if (feature !== undefined) return this.#features.get(feature);
    return this.#includes.get(test.includes.find((name) => this.#includes.has(name)));
  }

  /** Entries that nothing fell under. */
  get unused() {
    return this.#patterns.filter(({ times }) => times === 0).map(({ entry }) => entry);
  }
}
