import { describe, expect, it } from 'vitest';

import { needsOf } from '#src/capabilities/library-needs.js';
import { explainCapabilities, inferCapabilities } from '#src/index.js';
import { createTestRuntime } from '#src/testing/index.js';
import { installed, packageTree } from '../support/package-tree.js';

const tokensOf = (text: string) => [...new Set(needsOf(text).flatMap(({ tokens }) => tokens))].sort();

describe('what the text of a library needs', () => {
  it.each([
    ['exports.f = (url) => $ext.http.get(url)', ['ext:http.get']],
    ['exports.f = (url) => $ext\n  .http\n  ?.get(url)', ['ext:http.get']],
    ['const { get } = $ext.http;', ['ext:http.*']],
    ['$ext[name].get()', ['ext:*']],
    ['$ext', ['ext:*']],
    ['$emit("order.paid", { id })', ['events:emit:order.paid']],
    [`$emit('done')`, ['events:emit:done']],
    ['$emit("a*", 1)', ['events:emit:*']],
    ['$emit(name)', ['events:emit:*']],
    [`$emit('a' + b)`, ['events:emit:*']],
    ['$view.focus("list")', ['view:update:list']],
    ['$view.focus(component)', ['view:update:*']],
    ['$state.count++', ['state:read:count', 'state:write:count']],
    ['$state.get(key)', ['state:read:*', 'state:write:*']],
    [`globalThis['$ext']`, ['ext:*']],
    ['my$ext.a.b; $extra; $emitter()', []],
  ])('%s', (text, expected) => {
    expect(tokensOf(text)).toEqual([...expected].sort());
  });
});

describe('a handler that uses a library', () => {
  const libraries = { api: ['ext:http.get'], audit: ['events:emit:audit'], pure: [] } as const;

  it.each([
    ['return $lib.api.load(1)', ['ext:http.get']],
    ['return $lib["audit"].note(1)', ['events:emit:audit']],
    ['return $lib["import:api"].default(1)', ['ext:http.get']],
    ['const { api } = $lib; return api.load(1)', ['ext:http.get']],
    ['const { api: { load }, pure } = $lib; return load(1)', ['ext:http.get']],
    ['({ id }, { lib }) => lib.api.load(id)', ['ext:http.get']],
    ['(args, { lib: { api } }) => api.load(args)', ['ext:http.get']],
    ['async (args, ctx) => { return ctx.lib.audit.note(args) }', ['events:emit:audit']],
    ['function f(args, { lib: libs }) { return libs.api }', ['events:emit:audit', 'ext:http.get']],
    ['export default (args, ctx) => ctx.lib.api.load(args)', ['ext:http.get']],
    ['return $lib.pure.add(1, 2)', []],
    ['return $lib.other.add(1, 2)', []],
    ['(args, ctx) => args.n + ctx.args.n', []],
    ['return $lib[$args.name]', ['events:emit:audit', 'ext:http.get']],
    ['const all = $lib; return all.api', ['events:emit:audit', 'ext:http.get']],
    ['return Object.keys($lib)', ['events:emit:audit', 'ext:http.get']],
    ['const { pure, ...rest } = $lib; return rest', ['events:emit:audit', 'ext:http.get']],
    ['return fromALibrary(1)', ['events:emit:audit', 'ext:http.get']],
    [
      'const own = (x) => x; label: for (const x of [Math.max(1, 2)]) { continue label; } return own(JSON.stringify(URL))',
      [],
    ],
  ])('%s', (code, expected) => {
    expect(inferCapabilities(code, { libraries })).toEqual(expected);
  });

  it('has the library as a reason', () => {
    expect(explainCapabilities('\nreturn $lib.api.load(1)', { libraries })).toEqual([
      {
        capability: 'ext:http.get',
        reasons: [expect.objectContaining({ line: 2, reason: 'the library api may need it' })],
      },
    ]);
  });

  it.each([[5], [{ a: 'ext:x' }], [{ a: ['nonsense'] }]])('refuses %j as the option', (given) => {
    expect(() => inferCapabilities('return 1', { libraries: given as never })).toThrow(/options\.libraries/);
  });
});

describe('a runtime', () => {
  it('knows what its libraries need, and of a bundle which of them', async () => {
    await using tree = await packageTree({
      ...installed('calls', { 'index.js': `const { load } = require('shared'); exports.load = load;` }),
      ...installed('shared', { 'index.js': 'exports.load = (id) => $ext.db.read(id);' }),
      ...installed('pure', { 'index.js': 'exports.add = (a, b) => a + b;' }),
      'shim.mjs': `export { load } from 'shared'; export const note = () => $emit('noted', 1);`,
    });
    const from = tree.directory;
    const runtime = await createTestRuntime({
      cacheDir: false,
      libraries: {
        calls: { package: 'calls', from },
        pure: { package: 'pure', from },
        shim: { file: `${from}/shim.mjs` },
        own: { source: 'globalThis.show = () => $view.focus("list");' },
      },
    });
    const infer = (code: string) => runtime.inferCapabilities(code);
    expect(infer('return $lib.calls.load(1)')).toEqual(['ext:db.read']);
    expect(infer('return $lib.pure.add(1, 2)')).toEqual([]);
    expect(infer('return $lib.shim.note()')).toEqual(['events:emit:noted', 'ext:db.read']);
    const { capabilities: described } = await runtime.describeHandler('return $lib.calls.load(1)');
    expect(described).toEqual(['ext:db.read']);
    expect(infer('show()')).toEqual(['events:emit:noted', 'ext:db.read', 'view:update:list']);
    const capabilities = infer('show(); return $lib.shim.note()');
    const { status, events } = await runtime.executeHandler('show(); $lib.shim.note()', { capabilities });
    expect([status, events.map(({ name }) => name)]).toEqual(['success', ['noted']]);
    await runtime.shutdown();
  });
});
