import type { EngineTable } from '../../known-engines.js';
import type { FunctionMend } from '../memory-safety/function-mend.js';

/** What protects against a fault of the engine. */
export type Stop =
  /** The engine's own source has the fix. */
  | { readonly by: 'fix'; readonly how: string }
  /** The rewrite of the binary, by the names of mends. */
  | { readonly by: 'mend'; readonly mends: readonly string[] }
  /** The prelude removes the affected function from the VM before any code of a library or a handler runs. */
  | { readonly by: 'prelude'; readonly how: string }
  /** The host limits, checks or ends the operation. */
  | { readonly by: 'host'; readonly how: string }
  /** The VM does not contain the affected part. */
  | { readonly by: 'absence'; readonly how: string };

/** One memory-safety fault of QuickJS in one upstream binary. */
export interface Advisory {
  /**
   * All its names, the best known first: CVE, GHSA or OSV, `owner/repository#number`,
   * `owner/repository@commit`.
   */
  readonly ids: readonly [string, ...string[]];
  /** Those of its ids for which we found no record. */
  readonly unverified?: readonly string[];
  readonly what: string;
  /**
   * What can trigger it in the unchanged binary: code of a handler, only its source in the compiler, or
   * nothing.
   */
  readonly reaches: 'guest' | 'compiler' | 'none';
  /** Absent while it is open. */
  readonly stoppedBy?: Stop;
}

/**
 * The open advisories of an engine: those without a `stoppedBy`, and those whose mend does not belong to the
 * engine.
 *
 * @param mends the mends that the rewrite applies
 * @param advisories lists by the SHA-256 of the upstream binary
 * @throws Error if there is no list for this engine
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

/** @throws Error naming every open advisory, see {@link openAdvisories} */
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
