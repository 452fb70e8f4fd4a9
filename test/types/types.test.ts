import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FILE = fileURLToPath(new URL('public-types.test-d.ts', import.meta.url));

/** One wrong assertion for each kind there is: the compiler has to find exactly these. */
const WRONG = [
  'expectTypeOf(plain.status).toEqualTypeOf<string>();',
  'expectTypeOf(plain.returnValue).toBeNumber();',
  'expectTypeOf<string>().toExtend<NonNullable<WasmContext["capabilities"]>>();',
  'expectTypeOf({ stateSnapshot: state }).not.toExtend<WasmContext>();',
  'expectTypeOf(extensions.http.get).parameters.toEqualTypeOf<[]>();',
  'expectTypeOf(extensions.text.length).returns.resolves.toBeString();',
];

describe('the public types', () => {
  it('are what at least 60 assertions say, and a wrong one is found', { timeout: 240_000 }, () => {
    const text = readFileSync(FILE, 'utf8');
    expect(text.match(/expectTypeOf[(<]/g)?.length).toBeGreaterThanOrEqual(60);
    const { config } = ts.readConfigFile(`${ROOT}tsconfig.test.json`, ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [FILE] }, ts.sys, ROOT);
    const host = ts.createCompilerHost(options);
    const { readFile } = host;
    host.readFile = (name) => (name === FILE ? `${text}\n${WRONG.join('\n')}\n` : readFile(name));
    const program = ts.createProgram([FILE, `${ROOT}src/engine/webassembly.d.ts`], options, host);
    const file = program.getSourceFile(FILE);
    const found = program.getSemanticDiagnostics(file);
    const lines = found.map(({ start = 0 }) => file?.text.slice(start).split('\n', 1)[0]);
    const places = found.map(({ start = 0 }) => file?.getLineAndCharacterOfPosition(start).line);
    const first = text.split('\n').length;
    expect([...new Set(places)], String(lines)).toEqual(WRONG.map((_, i) => first + i));
  });
});
