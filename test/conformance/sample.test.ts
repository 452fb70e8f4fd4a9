import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUBJECTS } from '../engine/conformance/catalogue.js';
import { GENERATED_SEED, generatePrograms } from '../engine/conformance/generate.js';
import { Comparison } from './compare.js';
import { DIFFERENCES, differenceIn, staleTitles, unknownTitles } from './differences.mjs';
import { SAMPLE } from './sample/index.js';

const PROGRAMS = SAMPLE.flatMap(({ programs }) => programs);
const SHOWN = 5;

let comparison: Comparison;
beforeAll(async () => {
  comparison = await Comparison.open();
});
afterAll(() => comparison.close());

describe('a handler computes what V8 computes', () => {
  it.each(SAMPLE)('a handler computes what V8 computes in $area', async ({ area, programs }) => {
    const compared = await comparison.runAll(programs);
    const wrong: string[] = [];
    const differing = new Set<string>();
    const counts = { compared: 0, mended: 0, skipped: 0 };
    for (const [i, program] of programs.entries()) {
      const outcome = compared[i];
      if (outcome === undefined) continue;
      counts.compared++;
      const { product, unmodified, node } = outcome;
      if (product === node && unmodified !== undefined && unmodified !== node) counts.mended++;
      if (product === node) continue;
      differing.add(program.title);
      if (differenceIn(program.title) !== undefined) continue;
      // An old Node may lack what the engine, mended or not, has.
      if (comparison.isOld && product === unmodified) {
        counts.skipped++;
        continue;
      }
      wrong.push(`${program.title}\n  handler ${product.slice(0, 400)}\n  Node    ${node.slice(0, 400)}`);
    }
    console.log(
      `${area}: ${counts.compared} of ${programs.length} programs beside ${comparison.reference}` +
        (compared.some((outcome) => outcome?.unmodified !== undefined)
          ? `, ${counts.mended} of them wrong in the unmodified engine`
          : '') +
        (comparison.isOld ? `, ${counts.skipped} not judged: that Node is too old` : ''),
    );
    expect(wrong.slice(0, SHOWN).join('\n'), `${wrong.length} programs differ`).toBe('');
    expect(counts.compared).toBeGreaterThan(0);
    if (!comparison.isOld) expect(staleTitles(programs, differing)).toEqual([]);
  }, 240_000);
});

describe('the sample', () => {
  it('has at least 1,500 programs, no two of them alike', () => {
    expect(PROGRAMS.length).toBeGreaterThanOrEqual(1_500);
    expect(new Set(PROGRAMS.map(({ body }) => body)).size).toBe(PROGRAMS.length);
    expect(new Set(PROGRAMS.map(({ title }) => title)).size).toBe(PROGRAMS.length);
  });

  it('has programs that end with a value, so that agreement means something', async () => {
    // One in forty, of every area.
    const some = PROGRAMS.filter((_, i) => i % 40 === 0);
    const compared = await comparison.runAll(some);
    const others = compared.flatMap((outcome, i) =>
      outcome && ![outcome.product, outcome.node].some((text) => text.startsWith('value ')) ? [some[i]?.title] : [],
    );
    expect(others).toEqual([]);
  }, 60_000);
});

describe('each known difference', () => {
  const shown = DIFFERENCES.filter(({ program }) => program !== undefined);

  it.each(shown)('shows: $what', async ({ what, program = '', outcomes }) => {
    const compared = await comparison.run({ title: what, body: program });
    expect(compared?.product).toBe(outcomes?.here);
    if (comparison.isOld) expect(compared?.node).not.toBe(outcomes?.here);
    else expect(compared?.node).toBe(outcomes?.there);
  });

  it('has a program, or programs of the tests, that show it', () => {
    const all = [
      ...PROGRAMS,
      ...SUBJECTS.flatMap(({ programs }) => programs),
      ...generatePrograms(GENERATED_SEED, 200),
    ];
    expect(unknownTitles(all)).toEqual([]);
    expect(unknownTitles([])).not.toEqual([]);
    expect(staleTitles(all, new Set(all.map(({ title }) => title)))).toEqual([]);
    expect(staleTitles(all, new Set())).not.toEqual([]);
    const bare = DIFFERENCES.filter(({ program, titles }) => program === undefined && titles.length === 0);
    expect(bare.map(({ what }) => what)).toEqual([]);
    const same = shown.filter(({ outcomes }) => outcomes?.here === outcomes?.there);
    expect(same.map(({ what }) => what)).toEqual([]);
  });
});
