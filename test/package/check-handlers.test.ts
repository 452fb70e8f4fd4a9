import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { checkHandlers } from '#src/typescript/check-handlers.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const example = join(root, 'examples', 'typescript');
/** Inside of the package, so that `nexus-runtime/handler` is found as an application finds it. */
let folder: string;
let handlers: string;

beforeAll(async () => {
  await mkdir(join(root, 'node_modules', '.cache'), { recursive: true });
  folder = await mkdtemp(join(root, 'node_modules', '.cache', 'check-handlers-'));
  handlers = join(folder, 'handlers');
  await cp(join(example, 'app-types.ts'), join(folder, 'app-types.ts'));
  await cp(join(example, 'handlers'), handlers, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const written: string[] = [];
afterEach(async () => {
  for (const path of written.splice(0)) await rm(path);
});

async function problemsOf(name: string, source: string) {
  const path = join(handlers, name);
  await writeFile(path, source);
  written.push(path);
  const problems = await checkHandlers(join(handlers, 'tsconfig.json'));
  return problems.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message.split('\n')[0]}`);
}

describe('handlers that are as they should be', () => {
  it('have no problems, with top-level return and await, in TypeScript and in JavaScript', async () => {
    expect(await checkHandlers(join(example, 'handlers', 'tsconfig.json'))).toEqual([]);
  });

  it.each([
    ['every handler has names of its own', 'const amount = 1; const text = ""; return [amount, text];'],
    ['state', "$state.status = 'refunded'; delete $state.note; return $state.get('limit') + $state.keys().length;"],
    ['extensions', 'const { by } = await $ext.approvals.request({ id: 1, amount: 2 }); return by.length;'],
    ['events', "$emit('refund.declined', { order: 1, by: 'x' }); return;"],
    ['views', "$view.setFilter('orders', { open: true }); $view.command('note', 'shake');"],
    ['logs', "$log('a', 1); $log.warn({}); console.error(new Error('x'));"],
    ['the web', 'return [new URL("https://a.b").searchParams.get("c")?.length, new TextEncoder().encode("x").length];'],
    [
      'the web, too',
      'return structuredClone({ at: performance.now(), id: crypto.randomUUID(), b: atob(btoa("x")) }).b;',
    ],
    ['no await', 'return [1, 2].map((n) => n * 2).at(0)?.toFixed();'],
  ])('%s', async (_, source) => {
    expect(await problemsOf('good.ts', source)).toEqual([]);
  });
});

describe('an editor', () => {
  it('complains of a return that stands in no function, and of nothing else', () => {
    const path = join(example, 'handlers', 'tsconfig.json');
    const unreadable = () => expect.unreachable();
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: unreadable };
    const project = ts.getParsedCommandLineOfConfigFile(path, {}, host);
    const program = ts.createProgram(project?.fileNames ?? [], project?.options ?? {});
    const codes = ts.getPreEmitDiagnostics(program).map(({ code }) => code);
    // One in each handler. If TypeScript no longer reports the return, simplify what the documents say about
    // it.
    expect(codes).toEqual([1108, 1108]);
  });
});

describe('a handler that goes wrong', () => {
  it.each([
    ['$state.limit = 3;', '1:8 TS2540'],
    ["\n$state.status = 'closed';", '2:1 TS2322'],
    ['return $state.nope;', '1:15 TS2339'],
    ["await $ext.orders.find('7');", '1:24 TS2345'],
    ['return $ext.orders.find(7).lines;', '1:28 TS2339'],
    ['$ext.nobody.call();', '1:6 TS2339'],
    ['$ext.orders.remove(7);', '1:13 TS2339'],
    ["$emit('refund.granted', { order: 1 });", '1:25 TS2345'],
    ["$emit('refund.granted');", '1:1 TS2554'],
    ["$emit('other', 1);", '1:7 TS2345'],
    ["$view.focus('sidebar');", '1:13 TS2345'],
    ['$lib.lodash;', '1:6 TS2339'],
    ['await fetch({ url: 1 });', '1:15 TS2322'],
    ["setTimeout('later', 1);", '1:12 TS2345'],
    ["require('node:fs');", '1:1 TS2591'],
    ['crypto.webcrypto;', '1:8 TS2339'],
    ['enum A { B }', '1:6 TS1294'],
    ['return (', '1:9 TS1109'],
  ])('%j is told of at %s', async (source, expected) => {
    const [first, ...others] = await problemsOf('bad.ts', source);
    expect(first?.startsWith(expected), first).toBe(true);
    expect(others).toEqual([]);
  });

  it('is told of in JavaScript, with a snippet of what the author wrote', async () => {
    const path = join(handlers, 'bad.js');
    written.push(path);
    await writeFile(path, '// two lines\nconst total = 1;\nreturn total.length;\n');
    const [problem, ...others] = await checkHandlers(join(handlers, 'tsconfig.json'));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ line: 3, column: 14, code: 'TS2339' });
    expect(problem?.file).toMatch(/handlers\/bad\.js$/);
    expect(problem?.snippet).toContain('3 | return total.length;\n  |              ^');
  });
});

describe('a project', () => {
  it('a project whose declarations name what is not there is told so, and does not pass for one of any', async () => {
    const path = join(handlers, 'handler.d.ts');
    const before = await readFile(path, 'utf8');
    try {
      await writeFile(path, before.replaceAll('../app-types.ts', '../moved.ts'));
      const problems = await checkHandlers(join(handlers, 'tsconfig.json'));
      expect(problems[0]).toMatchObject({ code: 'TS2307', file: expect.stringMatching(/handler\.d\.ts$/) });
    } finally {
      await writeFile(path, before);
    }
  });

  it.each([
    [join(example, 'nowhere.json'), 'cannot be read'],
    [7 as unknown as string, 'project is 7'],
  ])('%s is refused', async (project, message) => {
    await expect(checkHandlers(project)).rejects.toThrow(message);
  });
});
