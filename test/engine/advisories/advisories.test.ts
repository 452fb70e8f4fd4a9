import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

import { type Advisory, openAdvisories, refuseOpenAdvisories } from '#src/engine/build/advisories/advisory.js';
import { KNOWN_ADVISORIES } from '#src/engine/build/advisories/known-advisories.js';
import { mendsOf } from '#src/engine/build/memory-safety/known-mends.js';
import { type EngineTable, KNOWN_ENGINES } from '#src/engine/known-engines.js';
import type { ReadOutcome } from '#src/execution/result/outcome.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../../support/executor.js';
import { CHECKS } from './checks.js';
import { FORMS } from './forms.js';
import { PROGRAMS, type Program } from './programs.js';

const ENGINE = KNOWN_ENGINES[0] as EngineTable;
const ADVISORIES = KNOWN_ADVISORIES[ENGINE.upstreamSha256] as readonly Advisory[];

const MENDS = mendsOf(ENGINE.upstreamSha256);

/** What the programs come to does not depend on how busy the machine is. */
const PATIENT = { timeoutMs: 120_000 };

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

/** What a program returns in Node, in the form in which results of a handler compare. */
function inNode(source: string): unknown {
  return new Function(source)() as unknown;
}

function isOneOf({ status, returnValue, error }: ReadOutcome, ends: NonNullable<Program['ends']>): void {
  const outcome = status === 'success' ? { value: returnValue } : { error: error?.code };
  expect([...ends, error?.message]).toContainEqual(outcome);
}

describe('each advisory of the engine', () => {
  for (const { ids } of ADVISORIES) {
    const [id] = ids;
    const program = PROGRAMS[id];
    it(`${id} is stopped`, async () => {
      await CHECKS[id]?.();
      if (program === undefined) return;
      const ends = program.ends ?? [{ value: inNode(program.source) }];
      for (const { source, times } of FORMS) {
        for (let i = 0; i < (program.isCostly ? 1 : times); i++) {
          isOneOf(await runInThread(executor, source(program.source), undefined, PATIENT), ends);
          const next = await runInThread(executor, 'return [$args.map((x) => x * 2), { a: [1n] }]', { args: [1, 2] });
          expect(next.returnValue).toEqual([[2, 4], { a: [1n] }]);
        }
      }
    }, 240_000);
  }
});

describe('the list of advisories', () => {
  const ids = ADVISORIES.map(({ ids: [id] }) => id);

  it('names none twice', () => {
    const all = ADVISORIES.flatMap((advisory) => advisory.ids);
    expect(all.filter((id, index) => all.indexOf(id) !== index)).toEqual([]);
  });

  it('has a program or a check for each, and none for others', () => {
    const shown = [...new Set([...Object.keys(PROGRAMS), ...Object.keys(CHECKS)])];
    expect(shown.toSorted()).toEqual(ids.toSorted());
  });

  it('is what docs/security/engine-advisories.md lists, with the name of the test of each', async () => {
    const rows = (await readFile(path('docs/security/engine-advisories.md'), 'utf8')).split('\n');
    const titles = rows.filter((row) => row.startsWith('| [')).map((row) => row.split(' | ').at(-1)?.replace(' |', ''));
    expect(titles).toEqual(ids.map((id) => `${id} is stopped`));
  });
});

describe('a build', () => {
  it('passes with the engine that is installed: nothing is open', () => {
    expect(openAdvisories(ENGINE, MENDS, KNOWN_ADVISORIES)).toEqual([]);
  });

  it('fails when an advisory says nothing of what stops it', () => {
    const planted: Advisory = { ids: ['CVE-2099-1'], what: 'a planted fault', reaches: 'guest' };
    const lists = { [ENGINE.upstreamSha256]: [...ADVISORIES, planted] };
    expect(() => refuseOpenAdvisories(ENGINE, MENDS, lists)).toThrow(
      /1 open advisory:\n {2}CVE-2099-1: a planted fault\n/,
    );
  });

  it('fails when the mend that stops one is not applied', () => {
    const others = MENDS.filter(({ name }) => !name.startsWith('the keys of a proxy'));
    expect(() => refuseOpenAdvisories(ENGINE, others, KNOWN_ADVISORIES)).toThrow(/CVE-2026-120438/);
  });

  it('fails for an engine whose faults nobody has looked at', () => {
    const table = { ...ENGINE, name: 'another engine', upstreamSha256: 'f'.repeat(64) };
    expect(() => refuseOpenAdvisories(table, MENDS, KNOWN_ADVISORIES)).toThrow(
      /no list of advisories for another engine/,
    );
  });
});
