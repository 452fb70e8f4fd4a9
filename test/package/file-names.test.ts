import { win32 } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, type NexusRuntime } from '#src/index.js';
import { nameOf } from '#src/testing/handler-source.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

describe.each([
  'C:\\Program Files\\rules\\vat (1).js',
  'C:/rules/vat.ts',
  '\\\\server\\share\\rules.js',
  'file:///C:/Program%20Files/vat.js',
  '/Users/ada/My Rules (old)/vat.js',
  'vat.js:2:7',
  '(vat.js:1:1)',
  'règles/税.js',
  ' ',
])('a handler that is named %j', (filename) => {
  it('has its place in errors of compiling, of executing and of resuming', async () => {
    const options = { filename };
    const thrown = await runtime.executeHandler('const f = () => {\n  throw new Error("no");\n};\nf();', {}, options);
    expect(thrown.error?.location).toEqual({ line: 2, column: 18 });
    expect(thrown.error?.stack?.split('\n')[1]).toBe(`    at f (${filename}:2:18)`);
    const broken = await runtime.executeHandler('const a = 1;\nconst b = ;', {}, options);
    expect(broken.error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: 2 } });
    const waiting = await runtime.executeHandler('await $ext.a.b();\nnull.x;', { capabilities: ['ext:a.b'] }, options);
    const answer = { success: true, value: 1 } as const;
    const resumed = await runtime.resumeHandler(waiting.suspension?.suspensionId ?? '', answer);
    expect(resumed.error?.location?.line).toBe(2);
  });
});

it.each([
  '',
  'a\nb',
  'a\rb',
  'a\tb',
  'a\u0000',
  'a\u0085b',
  'a\u2028b',
  'a\u2029b',
  '\ud800',
  'nexus:prelude',
  'x'.repeat(4097),
  7,
])('a handler cannot be named %j', async (filename) => {
  const options = { filename: filename as string };
  await expect(runtime.executeHandler('return 1', {}, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

it.each([
  ['C:\\app\\rules\\vat (1).js', 'C:\\app', 'rules/vat (1).js'],
  ['D:\\rules\\vat.js', 'C:\\app', 'D:/rules/vat.js'],
  ['\\\\server\\share\\vat.js', 'C:\\app', '//server/share/vat.js'],
])('on Windows the file %s has, in %s, the name %s', (file, directory, name) => {
  expect(nameOf(file, directory, win32)).toBe(name);
});
