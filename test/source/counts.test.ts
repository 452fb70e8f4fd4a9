import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import { wrapHandler } from '#src/source/wrapper.js';

let compiler: SourceCompiler;

beforeAll(async () => {
  compiler = await SourceCompiler.create(await loadEngine(), 128 * 1024);
});

async function compile(source: string) {
  return compiler.compile(wrapHandler(source), 'handler.js');
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i.toString(36)}`);

/** The same number as that of the globals, and a third of the time of all: `NEXUS_COUNTS=1` has it counted as well. */
const IN_FUNCTIONS = 'globals of functions inside';

/** What a compiler that counts with 16 bits cannot count. The last two were compiled to something else. */
const UNCOUNTABLE: readonly (readonly [what: string, source: string, reason: RegExp])[] = [
  ['globals', names('a', 66_000).join(';'), /refers to more than 65534 globals/],
  [
    IN_FUNCTIONS,
    names('a', 66_000)
      .map((name) => `(()=>{${name}})`)
      .join(';'),
    /refers to more than 65534 globals/,
  ],
  [
    'variables',
    names('a', 66_000)
      .map((name) => `var ${name}=1`)
      .join(';'),
    /more than 65534 variables/,
  ],
  [
    'blocks with variables',
    names('a', 66_000)
      .map((name) => `{let ${name}}`)
      .join(''),
    /more than 65534 blocks/,
  ],
  ['blocks', `let y = 5; ${'{;}'.repeat(66_000)} { { let y = 7; } return y }`, /more than 65534 blocks/],
];

describe('a function with more names than bytecode counts', () => {
  it.each(UNCOUNTABLE.filter(([what]) => what !== IN_FUNCTIONS || process.env['NEXUS_COUNTS'] === '1'))(
    'does not compile, and says what to do: %s',
    async (_, source, reason) => {
      const outcome = await compile(source);
      expect(outcome).toMatchObject({ ok: false, problem: { kind: 'count' } });
      expect(outcome).toMatchObject({ problem: { message: expect.stringMatching(reason) } });
      expect(outcome).toMatchObject({
        problem: { message: expect.stringContaining('split it into several functions') },
      });
    },
    60_000,
  );

  it('leaves nothing behind: the next source compiles to what it always does', async () => {
    const clean = await SourceCompiler.create(await loadEngine(), 128 * 1024);
    const expected = await clean.compile(wrapHandler('return $args.a + 1'), 'handler.js');
    await compile('{;}'.repeat(66_000));
    expect(await compile('return $args.a + 1')).toEqual(expected);
  });

  it('compiles with as many as there may be', async () => {
    const outcome = await compile(`return ({ ${names('a', 100_000).map((name) => `${name}: 1`)} })`);
    expect(outcome).toMatchObject({ ok: true });
    expect(await compile(`${'{;}'.repeat(65_000)} return 1`)).toMatchObject({ ok: true });
  }, 60_000);
});
