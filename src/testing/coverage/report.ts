import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { checkShape } from '../../execution/request/execute-options.js';
import { PART } from './coverage.js';

/** What {@link reportCoverage} reads, and the least shares that it accepts. */
export interface CoverageOptions {
  /** The directory of the option `coverage`, or of NEXUS_COVERAGE. */
  readonly directory: string;
  /** The least share of lines that must be covered, in percent. @default none */
  readonly lines?: number;
  /** The least share of functions. @default none */
  readonly functions?: number;
  /** The least share of branches. @default none */
  readonly branches?: number;
}

/** How much of the handlers was executed, in percent. What has no lines, functions or branches is covered. */
export interface CoverageTotals {
  readonly lines: number;
  readonly functions: number;
  readonly branches: number;
  /** The merged lcov file. */
  readonly file: string;
}

type Kind = 'lines' | 'functions' | 'branches';
const KINDS: readonly Kind[] = ['lines', 'functions', 'branches'];
/** Lines of lcov that have a count: what the count is of, and the count. */
const COUNTED: Readonly<Record<string, { readonly kind: Kind; readonly of: RegExp }>> = {
  DA: { kind: 'lines', of: /^(\d+),(\d+)$/ },
  FNDA: { kind: 'functions', of: /^(\d+),(.*)$/ },
  BRDA: { kind: 'branches', of: /^(\d+,\d+,\d+),(\d+)$/ },
};

/**
 * Joins what the processes of a test run counted to one `lcov.info` in the same directory, and checks the
 * shares. Run it after the tests:
 *
 *     NEXUS_COVERAGE=coverage/handlers node --test
 *     node -e "import('nexus-runtime/testing').then((kit) =>
 *       kit.reportCoverage({ directory: 'coverage/handlers', lines: 90 }))"
 *
 * @throws NexusError INVALID_ARGUMENT if nothing was counted there; AssertionError naming each share that is
 *   too low
 */
export async function reportCoverage(options: CoverageOptions): Promise<CoverageTotals> {
  checkShape('options', options, { directory: true, lines: true, functions: true, branches: true });
  const directory = resolve(options.directory);
  for (const kind of KINDS) {
    const share = options[kind];
    if (share !== undefined && !(typeof share === 'number' && share >= 0 && share <= 100)) {
      throw invalidArgument(`options.${kind}`, share, 'a share in percent, from 0 to 100');
    }
  }
  const names = await readdir(directory).catch(() => []);
  const parts = names.filter((name) => name.endsWith(PART)).sort();
  const file = join(directory, 'lcov.info');
  const texts = await Promise.all(parts.map((name) => readFile(join(directory, name), 'utf8')));
  if (parts.length === 0) {
    const message =
      `Nothing was counted in ${directory}. Run the tests with NEXUS_COVERAGE=${options.directory}, ` +
      'or with the option coverage of createTestRuntime, on handlers in files.';
    throw new NexusError('INVALID_ARGUMENT', message, { context: { field: 'options.directory', value: directory } });
  }
  const files = merge(texts);
  await writeFile(file, [...files].map(([path, counts]) => recordOf(path, counts)).join(''));
  for (const name of parts) await rm(join(directory, name));
  const totals = { ...sharesOf(files), file };
  requireShares(totals, options);
  return totals;
}

/** Counts by what they are of. */
type Counts = Readonly<Record<Kind, Map<string, number>>> & { readonly functionLines: Map<string, string> };

function merge(texts: readonly string[]): Map<string, Counts> {
  const files = new Map<string, Counts>();
  let current: Counts | undefined;
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const [, field = '', rest = ''] = /^([A-Z]+):(.*)$/.exec(line) ?? [];
    if (field === 'SF') {
      current = files.get(rest) ?? {
        lines: new Map(),
        functions: new Map(),
        branches: new Map(),
        functionLines: new Map(),
      };
      files.set(rest, current);
    } else if (field === 'FN') {
      const [, place = '', name = ''] = /^(\d+),(.*)$/.exec(rest) ?? [];
      current?.functionLines.set(name, place);
    } else if (field in COUNTED) add(current, field, rest);
  }
  return files;
}

function add(counts: Counts | undefined, field: string, text: string): void {
  const { kind, of } = COUNTED[field] as (typeof COUNTED)[string];
  const [, first = '', second = ''] = of.exec(text) ?? [];
  // The count of a function is before its name.
  const [key, count] = kind === 'functions' ? [second, first] : [first, second];
  counts?.[kind].set(key, (counts[kind].get(key) ?? 0) + Number(count));
}

function recordOf(path: string, { lines, functions, branches, functionLines }: Counts): string {
  const hit = (counts: Map<string, number>) => [...counts.values()].filter((count) => count > 0).length;
  return [
    'TN:',
    `SF:${path}`,
    ...[...functionLines].map(([name, line]) => `FN:${line},${name}`),
    ...[...functions].map(([name, count]) => `FNDA:${count},${name}`),
    `FNF:${functions.size}`,
    `FNH:${hit(functions)}`,
    ...[...branches].map(([branch, count]) => `BRDA:${branch},${count}`),
    `BRF:${branches.size}`,
    `BRH:${hit(branches)}`,
    ...[...lines].map(([line, count]) => `DA:${line},${count}`),
    `LF:${lines.size}`,
    `LH:${hit(lines)}`,
    'end_of_record\n',
  ].join('\n');
}

function sharesOf(files: ReadonlyMap<string, Counts>): Readonly<Record<Kind, number>> {
  const shareOf = (kind: Kind) => {
    const counts = [...files.values()].flatMap((file) => [...file[kind].values()]);
    if (counts.length === 0) return 100;
    return Math.round((counts.filter((count) => count > 0).length / counts.length) * 10_000) / 100;
  };
  return { lines: shareOf('lines'), functions: shareOf('functions'), branches: shareOf('branches') };
}

function requireShares(totals: CoverageTotals, wanted: CoverageOptions): void {
  const low = KINDS.filter((kind) => totals[kind] < (wanted[kind] ?? 0));
  if (low.length === 0) return;
  const { AssertionError } = process.getBuiltinModule('node:assert');
  const lines = low.map((kind) => `  ${kind}: at least ${wanted[kind]} %, it is ${totals[kind]} %`);
  throw new AssertionError({
    message: `Tests execute less of the handlers than they must:\n${lines.join('\n')}\nSee ${totals.file}.`,
    actual: totals,
    expected: wanted,
    operator: 'reportCoverage',
    stackStartFn: reportCoverage,
  });
}
