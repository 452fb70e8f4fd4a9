import { readFile } from 'node:fs/promises';

import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, type NexusRuntime } from '#src/index.js';

const PAGE = new URL('../../docs/handlers.md', import.meta.url);
const DECLARATIONS = new URL('../../src/handler/web.d.ts', import.meta.url);
const WITH_NODE = 'with the option `node`';

interface Row {
  /** Names and paths; `…` stands for any text. */
  readonly names: readonly string[];
  readonly there: string;
}

/** The first table of the page. */
async function readRows(): Promise<Row[]> {
  const lines = (await readFile(PAGE, 'utf8')).split('\n');
  const start = lines.findIndex((line) => line.startsWith('| name | in a handler |'));
  const end = lines.findIndex((line, index) => index > start && line === '');
  return lines.slice(start + 2, end).map((line) => {
    const [, first = '', there = ''] = line
      .split(' | ', 2)
      .join(' | ')
      .split(/^\| | \| /);
    return { names: [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string), there };
  });
}

const PRESENT = `return $args.map((path) => path.split('.').reduce((at, key) => at?.[key], globalThis) !== undefined)`;

let rows: Row[];
let plain: NexusRuntime;
let compatible: NexusRuntime;
beforeAll(async () => {
  rows = await readRows();
  const options = { cacheDir: false, maxInstances: 1 } as const;
  [plain, compatible] = await Promise.all([createRuntime(options), createRuntime({ ...options, node: true })]);
});
afterAll(() => Promise.all([plain.shutdown(), compatible.shutdown()]));

async function presentIn(runtime: NexusRuntime, names: readonly string[]): Promise<string[]> {
  const { returnValue, error } = await runtime.executeHandler(PRESENT, { args: names });
  expect(error).toBeUndefined();
  return names.filter((_, index) => (returnValue as boolean[])[index]);
}

const namesOf = (there: (text: string) => boolean) =>
  rows.filter((row) => there(row.there)).flatMap(({ names }) => names.filter((name) => !name.includes('…')));

describe('the table of what handlers have', () => {
  it('names what an error explains, where a handler looks for what is not there', async () => {
    const some = ['ReadableStream', 'TransformStream', 'TextDecoderStream', 'CountQueuingStrategy'];
    const names = [...namesOf((there) => there === 'no').filter((name) => /^\w+$/.test(name)), ...some];
    expect(names.length).toBeGreaterThan(30);
    const unexplained: string[] = [];
    for (const name of names) {
      const { error } = await plain.executeHandler(`return ${name}`);
      if (!error?.message.includes(`'${name}' is not defined; `)) unexplained.push(name);
    }
    expect(unexplained).toEqual([]);
  });

  it('says of each name whether it is there', async () => {
    const [yes, no, node] = [
      namesOf((there) => there === 'yes'),
      namesOf((there) => there === 'no'),
      namesOf((there) => there === WITH_NODE),
    ];
    expect(yes.length).toBeGreaterThan(40);
    expect(await presentIn(plain, yes)).toEqual(yes);
    expect(await presentIn(plain, [...no, ...node])).toEqual([]);
    expect(await presentIn(compatible, node)).toEqual(node);
    expect(await presentIn(compatible, no)).toEqual([]);
    const others = rows.filter(({ there }) => !['yes', 'no', WITH_NODE].includes(there));
    expect(others.map(({ names: [name] }) => name)).toEqual(['Intl.DurationFormat', 'eval']);
  });

  it('names every global that is declared, and every one of Node that there is not', async () => {
    const text = await readFile(DECLARATIONS, 'utf8');
    const file = ts.createSourceFile('web.d.ts', text, ts.ScriptTarget.ES2023, true);
    const declared = file.statements.flatMap((statement) => {
      if (ts.isVariableStatement(statement)) {
        return statement.declarationList.declarations.map(({ name }) => name.getText());
      }
      const isValue = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
      return isValue ? [String(statement.name?.text)] : [];
    });
    const patterns = rows
      .flatMap(({ names }) => names)
      .map((name) => new RegExp(`^${name.split('…').map(literally).join('.*')}$`));
    const isNamed = (name: string) => patterns.some((pattern) => pattern.test(name));
    expect(declared.filter((name) => !isNamed(name))).toEqual([]);
    const ofNode = Object.getOwnPropertyNames(globalThis).filter((name) => !OF_TESTS.test(name));
    const present = await presentIn(plain, ofNode);
    expect(present).toContain('fetch');
    expect(ofNode.filter((name) => !present.includes(name) && !isNamed(name))).toEqual(['undefined']);
  });
});

/** What the test runner and coverage add. */
const OF_TESTS = /^__|^VITEST|^vitest/;

function literally(text: string): string {
  return text.replace(/[$.*+?^{}()|[\]\\]/g, '\\$&');
}
