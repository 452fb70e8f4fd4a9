import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

import { createExecutor, runInThread } from '../support/executor.js';

const load = (name: string, source: string) => createExecutor([{ name, filename: `${name}.js`, source }]);

describe('a library', () => {
  it.each([
    ['CommonJS with exports', 'exports.double = (n) => n * 2;'],
    ['CommonJS with module.exports', 'module.exports = { double(n) { return n * 2 } };'],
    [
      'UMD',
      '(function (root, factory) { typeof module === "object" && module.exports ? module.exports = factory() : root.tool = factory() })(this, function () { return { double: (n) => n * 2 } });',
    ],
    ['an IIFE that defines a variable', 'var tool = (function () { return { double: (n) => n * 2 } })();'],
    ['an IIFE that defines a global', '(function () { globalThis.tool = { double: (n) => n * 2 } })();'],
  ])('a library in the style %s is there as $lib.tool', async (_style, source) => {
    const outcome = await runInThread(await load('tool', source), 'return $lib.tool.double(21)');
    expect(outcome.returnValue).toBe(42);
  });

  it('is initialised once, and what a handler does to it ends with the execution', async () => {
    const executor = await load('counter', 'let n = 0; exports.next = () => ++n; exports.box = {};');
    const source =
      '$lib.counter.box.dirty = ($lib.counter.box.dirty ?? 0) + 1; return [$lib.counter.next(), $lib.counter.box.dirty]';
    for (let i = 0; i < 6; i++) expect((await runInThread(executor, source)).returnValue).toEqual([1, 1]);
  });

  it('a library that is a published package works unmodified', async () => {
    const path = createRequire(import.meta.url)
      .resolve('marked')
      .replace(/marked\.[^/]*$/, 'marked.umd.js');
    const executor = await load('marked', await readFile(path, 'utf8'));
    const outcome = await runInThread(executor, 'return $lib.marked.parse($args)', { args: '# Hi *there*' });
    expect(outcome.returnValue).toBe('<h1>Hi <em>there</em></h1>\n');
  });

  it.each([
    ['global', 'exports.found = global === globalThis && this === global'],
    ['self', 'exports.found = self === globalThis'],
    ['global, which it declares itself', 'const global = 1; exports.found = global === 1'],
    [
      'neither, as lodash does',
      'exports.found = (typeof global == "object" && global || Function("return this")()) === globalThis',
    ],
  ])('finds the global object as %s', async (_name, source) => {
    const outcome = await runInThread(await load('tool', source), 'return $lib.tool.found');
    expect(outcome.returnValue).toBe(true);
  });

  it('leaves no name of its own behind', async () => {
    const outcome = await runInThread(await load('tool', 'exports.a = 1'), 'return [typeof global, typeof self]');
    expect(outcome.returnValue).toEqual(['undefined', 'undefined']);
  });

  it.each([
    ['does not parse', 'exports.a = ;', /broken\.js.*line 1/],
    ['throws', 'throw new Error("no DOM here")', /no DOM here/],
    ['exports nothing', 'let a = 1;', /exports nothing/],
  ])('a library that %s is INVALID_CONFIG with the reason', async (_fault, source, reason) => {
    await expect(load('broken', source)).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(reason),
      context: { option: 'libraries.broken' },
    });
  });
});
