import type { EngineTable } from '../../known-engines.js';
import type { FunctionMend } from '../memory-safety/function-mend.js';

/** What keeps a fault of the engine from a guest. */
export type Stop =
  /** The engine's own source has the fix. */
  | { readonly by: 'fix'; readonly how: string }
  /** Our rewrite of the binary, by the names of mends. */
  | { readonly by: 'mend'; readonly mends: readonly string[] }
  /** The prelude: the way there is taken out of the VM before any code of a library or a handler runs. */
  | { readonly by: 'prelude'; readonly how: string }
  /** The host: what it bounds, checks or ends. */
  | { readonly by: 'host'; readonly how: string }
  /** The VM is made without it. */
  | { readonly by: 'absence'; readonly how: string };

/** One memory-safety fault of QuickJS, as one upstream binary has it. */
export interface Advisory {
  /** All its names, the best known first: CVE, GHSA or OSV, `owner/repository#number`, `owner/repository@commit`. */
  readonly ids: readonly [string, ...string[]];
  /** Those of its ids that are told of it, and that we found no record of. */
  readonly unverified?: readonly string[];
  readonly what: string;
  /** Who reaches it in the binary as it comes: code of a handler, only its source in the compiler, or nobody. */
  readonly reaches: 'guest' | 'compiler' | 'nobody';
  /** Absent while it is open. */
  readonly stoppedBy?: Stop;
}

/**
 * The advisories of an engine that nothing stops: those without a `stoppedBy`, and those whose mend is none of the engine's.
 *
 * @param mends those that the rewrite applies to it
 * @param advisories lists by the SHA-256 of the upstream binary
 * @throws Error when there is no list for this engine: nobody has looked at its faults
 */
export function openAdvisories(
  table: Pick<EngineTable, 'name' | 'upstreamSha256'>,
  mends: readonly FunctionMend[],
  advisories: Readonly<Record<string, readonly Advisory[]>>,
): readonly Advisory[] {
  const known = advisories[table.upstreamSha256];
  if (known === undefined) {
    throw new Error(
      `There is no list of advisories for ${table.name} (${table.upstreamSha256.slice(0, 16)}…). Go through the faults of ` +
        'QuickJS that are known for it and add a list to src/engine/advisories/.',
    );
  }
  const applied = new Set(mends.map(({ name }) => name));
  return known.filter(({ stoppedBy }) => {
    if (stoppedBy === undefined) return true;
    return stoppedBy.by === 'mend' && !stoppedBy.mends.every((name) => applied.has(name));
  });
}

/** @throws Error that names every advisory that is open, see {@link openAdvisories} */
export function refuseOpenAdvisories(
  table: Pick<EngineTable, 'name' | 'upstreamSha256'>,
  mends: readonly FunctionMend[],
  advisories: Readonly<Record<string, readonly Advisory[]>>,
): void {
  const open = openAdvisories(table, mends, advisories);
  if (open.length === 0) return;
  const lines = open.map(({ ids, what }) => `  ${ids[0]}: ${what}`);
  throw new Error(
    `${table.name} has ${open.length} open ${open.length === 1 ? 'advisory' : 'advisories'}:\n${lines.join('\n')}\n` +
      'Stop each of them, by a mend of the binary or in the prelude, and say in src/engine/advisories/ by what.',
  );
}
