import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../examples/policies/', import.meta.url));
const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts')).map((name) => `${FOLDER}${name}`);

/** What tells the compiler something that it did not find out. */
function castsOf(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNonNullExpression(node) || ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
      found.push(node.getText(file));
    }
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.push('any');
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe('the example of an application in TypeScript', () => {
  it('compiles strictly against the published types, without a cast', { timeout: 240_000 }, () => {
    const { config } = ts.readConfigFile(`${FOLDER}tsconfig.json`, ts.sys.readFile);
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, FOLDER);
    expect(fileNames.sort()).toEqual(files.sort());
    expect(options).toMatchObject({ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true });
    const program = ts.createProgram(fileNames, options);
    const problems = ts.getPreEmitDiagnostics(program);
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
    const sources = fileNames.map((name) => program.getSourceFile(name)).filter((file) => file !== undefined);
    expect(sources.flatMap(castsOf)).toEqual([]);
    const lines = sources.reduce((sum, file) => sum + file.getLineStarts().length, 0);
    expect(lines).toBeGreaterThanOrEqual(200);
  });

  it('decides orders, and tells each mistake to whoever made it', { timeout: 60_000 }, async () => {
    const run = await promisify(execFile)(process.execPath, [`${FOLDER}run.mjs`]);
    const out = new Map(
      run.stdout
        .trim()
        .split('\n')
        .map((line): [string, string] => [line.split(': ', 1)[0] ?? '', line]),
    );
    const told = (title: string) => out.get(title);
    expect(told('shop publishes loyalty')).toContain('"version":1');
    expect(told('kiosk publishes loyalty')).toContain(
      'lacks events:emit:order.flagged, ext:customers.history, ext:money.rate',
    );
    expect(told('kiosk publishes half a rule')).toContain('SyntaxError');
    expect(told('first order of Ada')).toContain('"discount":0,"reason":"welcome"');
    expect(told('second order of Ada')).toContain('"discount":1200');
    expect(told('large order')).toContain('"action":"review","discount":0,"reason":"more than 50000 cents"},"flags":1');
    expect(told('order in a broken currency')).toContain('does not match its output schema');
    expect(told('order in no currency')).toContain('money.rate: input.currency: ');
    expect(told('order without lines')).toMatch(/"kind":"invalid order","problem":"customer: .*lines: /);
    expect(told('order of the kiosk')).toContain('VALIDATION_ERROR');
    expect(told('one order too many')).toContain(
      'RESOURCE_LIMIT: The quota refuses the execution: its budget of 2 executions is used up.',
    );
    expect(told('bill of shop')).toMatch(/"decisions":5,"calls":\d+,"instructions":\d+/);
    expect(told('bill of kiosk')).toMatch(/"decisions":2,/);
    expect(told('audit')).toMatch(/"ok":true,"isClosed":true,"records":[1-9]\d/);
    expect(told('operator')).toContain(
      'NEXUS_SCHEMA: money.rate answered something that does not match its output schema: output.rate: ',
    );
    const readme = await readFile(`${FOLDER}README.md`, 'utf8');
    for (const title of ['second order of Ada', 'order in a broken currency']) expect(readme).toContain(told(title));
  });
});
