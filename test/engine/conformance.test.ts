import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadEngine } from '#src/engine/load-engine.js';
import { Comparison } from '../conformance/compare.js';
import { differenceIn, staleTitles } from '../conformance/differences.mjs';
import { SUBJECTS } from './conformance/catalogue.js';
import { DIFFERENCES, MISSING_GLOBALS } from './conformance/differences.js';
import { GENERATED_SEED, generatePrograms } from './conformance/generate.js';
import { BytecodePath, EvaluatedText, type Outcome, runInNewProcess } from './conformance/paths.js';
import { type Program, scriptOf } from './conformance/program.js';

/** More of them: `GENERATED_PROGRAMS=200 npx vitest run test/engine/conformance.test.ts`. */
const GENERATED_COUNT = Number(process.env['GENERATED_PROGRAMS'] ?? 60);
const GENERATED = generatePrograms(GENERATED_SEED, GENERATED_COUNT);
const WRITTEN = SUBJECTS.flatMap(({ programs }) => programs);
const PROGRAMS = [...WRITTEN, ...GENERATED];

let bytecodePath: BytecodePath;
let evaluated: EvaluatedText;

beforeAll(async () => {
  bytecodePath = await BytecodePath.create(await loadEngine());
  evaluated = await EvaluatedText.create(await loadEngine());
});

async function expectAgreement(program: Program): Promise<void> {
  const outcome = await bytecodePath.outcome(program);
  expect(outcome).toBe(evaluated.outcome(program));
  // Two equal failures for the wrong reason would be agreement too.
  expect(outcome).toMatch(new RegExp(`^${program.ends ?? 'value'} `));
}

for (const { subject, programs } of [...SUBJECTS, { subject: 'generated programs', programs: GENERATED }]) {
  describe(`bytecode agrees with evalCode on ${subject}`, () => {
    for (const program of programs) it(program.title, () => expectAgreement(program));
  });
}

/** An older Node lacks builtins that the programs use: `NEXUS_NODES` names a newer one, as CI does. */
const HAS_REFERENCE = process.env['NEXUS_NODES'] !== undefined || Number(process.versions.node.split('.')[0]) >= 26;

describe.skipIf(!HAS_REFERENCE)('a handler computes what V8 computes', () => {
  let comparison: Comparison;
  beforeAll(async () => {
    comparison = await Comparison.open();
  });
  afterAll(() => comparison.close());

  it.each([
    ...SUBJECTS,
    { subject: 'generated programs', programs: GENERATED },
  ])('a handler computes what V8 computes in programs on $subject', async ({ programs }) => {
    const compared = await comparison.runAll(programs);
    const wrong = compared.flatMap((outcome, i) => {
      const { title } = programs[i] as Program;
      if (outcome === undefined || outcome.product === outcome.node) return [];
      if (differenceIn(title) !== undefined) return [];
      return [`${title}\n  handler ${outcome.product}\n  Node    ${outcome.node}`];
    });
    expect(wrong.join('\n'), `${wrong.length} programs differ`).toBe('');
    if (comparison.isOld) return;
    const differing = programs.filter((_, i) => compared[i] !== undefined && compared[i].product !== compared[i].node);
    expect(staleTitles(programs, new Set(differing.map(({ title }) => title)))).toEqual([]);
  }, 120_000);
});

describe('the comparison', () => {
  it('covers at least 300 programs, all of them different', () => {
    expect(PROGRAMS.length).toBeGreaterThanOrEqual(300);
    expect(WRITTEN.length).toBeGreaterThanOrEqual(180);
    expect(GENERATED.length).toBe(GENERATED_COUNT);
    expect(new Set(PROGRAMS.map(scriptOf)).size).toBe(PROGRAMS.length);
  });

  it('generates the same programs every time', () => {
    expect(generatePrograms(GENERATED_SEED, 5)).toEqual(GENERATED.slice(0, 5));
  });

  it('runs bytecode in a VM that could not have parsed the program', () => {
    expect(bytecodePath.canParse()).toBe(false);
  });
});

describe('known differences', () => {
  for (const difference of DIFFERENCES) {
    it(difference.title, async () => {
      expect(await bytecodePath.outcome(difference)).toBe(difference.bytecode);
      expect(evaluated.outcome(difference)).toBe(difference.evaluated);
    });
  }

  it('an execution VM has the globals of that engine except the weak references', async () => {
    const program = { title: 'globals', body: 'return Reflect.ownKeys(globalThis).map(String).join(" ");' };
    const namesIn = (outcome: Outcome) =>
      outcome
        .replace(/^value "|"$/g, '')
        .split(' ')
        .sort();
    const all = namesIn(evaluated.outcome(program));
    expect(namesIn(await bytecodePath.outcome(program))).toEqual(all.filter((name) => !MISSING_GLOBALS.includes(name)));
    expect(all).toEqual(expect.arrayContaining(MISSING_GLOBALS));
  });
});

describe('a bytecode payload', () => {
  it('holds names and constants, but neither the text of the program nor its comments', async () => {
    const payload = await compile({
      title: 'secret',
      body: [
        '// a comment that nobody else may read',
        'const visibleName = (first, second) => first * second + 40; /* another comment */',
        "return [visibleName(1, 2), 'visible constant'];",
      ].join('\n'),
    });
    expect(contains(payload, 'visibleName')).toBe(true);
    expect(contains(payload, 'visible constant')).toBe(true);
    expect(contains(payload, 'comment')).toBe(false);
    expect(contains(payload, 'first * second')).toBe(false);
    expect(contains(payload, '(first, second)')).toBe(false);
  });

  it('holds no line of any program', async () => {
    for (const program of PROGRAMS) {
      const compiled = await bytecodePath.compile(program);
      if (typeof compiled === 'string') continue;
      const lines = scriptOf(program)
        .split('\n')
        .filter((line) => line.trim().length >= 30);
      expect(lines.filter((line) => contains(compiled, line.trim()))).toEqual([]);
    }
  });

  it('runs with the same outcome in a process that never saw the source', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nexus-conformance-'));
    try {
      const expected: Record<string, Outcome> = {};
      for (const [index, program] of PROGRAMS.entries()) {
        const compiled = await bytecodePath.compile(program);
        if (typeof compiled === 'string') continue;
        await writeFile(join(directory, `${index}`), compiled);
        expected[index] = evaluated.outcome(program);
      }
      expect(await runInNewProcess(directory)).toEqual(expected);
      expect(Object.keys(expected).length).toBeGreaterThanOrEqual(300);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

async function compile(program: Program): Promise<Uint8Array> {
  const compiled = await bytecodePath.compile(program);
  if (typeof compiled === 'string') throw new Error(compiled);
  return compiled;
}

/** Whether the bytes hold the text, in any of the encodings in which the engine keeps text. */
function contains(bytes: Uint8Array, text: string): boolean {
  const buffer = Buffer.from(bytes);
  return (['utf8', 'latin1', 'utf16le'] as const).some((encoding) => buffer.includes(Buffer.from(text, encoding)));
}
