import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, type NexusRuntime } from '#src/index.js';
import { type N8nCodeKit, type N8nInput, n8nCode } from '#src/migrate/index.js';
import { rejection, withRuntime } from '../support/runtime-helpers.js';
import { N8N_SCRIPTS } from './n8n-scripts.js';

const moduleText = (path: string) => readFileSync(new URL(`../../node_modules/${path}`, import.meta.url), 'utf8');
const PACKAGES = {
  luxon: moduleText('luxon/build/cjs-browser/luxon.js'),
  jmespath: moduleText('jmespath/jmespath.js'),
};
const NOW = Date.UTC(2024, 1, 29, 12, 30);

const all = n8nCode({ ...PACKAGES, helpers: { httpRequest: 'http.request' } });
const each = n8nCode({ ...PACKAGES, mode: 'runOnceForEachItem', helpers: { httpRequest: 'http.request' } });
const kits = { all, each };

let runtime: NexusRuntime;
/** Without luxon and jmespath. */
let plain: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, libraries: all.libraries });
  plain = await createRuntime({ cacheDir: false, maxInstances: 1, libraries: n8nCode().libraries });
});
afterAll(() => Promise.all([runtime.shutdown(), plain.shutdown()]));

const items = (...values: Record<string, unknown>[]) => values.map((json) => ({ json }));
const execute = (code: string, input: N8nInput, kit: N8nCodeKit = all) =>
  runtime.run(code, kit.context(input), {
    ...kit.options,
    now: NOW,
    extensions: { http: { request: async (options: { url: string }) => ({ from: options.url }) } },
  });

describe('scripts of the Code node', () => {
  it.each(N8N_SCRIPTS)('$name', async ({ code, mode = 'all', input, output, state }) => {
    const result = await execute(code, input, kits[mode]);
    expect(result.error?.message).toBeUndefined();
    expect(result.returnValue).toEqual(output);
    expect(result.stateMutations.map(({ key, value }: { key: string; value?: unknown }) => [key, value])).toEqual(
      state ?? [],
    );
  });
});

describe('what cannot be', () => {
  const input = { items: items({ id: 1 }) };

  it.each([
    [
      'a request',
      'await this.helpers.httpRequest({ url: "x" })',
      'helpers.httpRequest is not available here: there is no helper for it. Offer an extension and pass n8nCode({ helpers: { httpRequest: "http.request" } }), or use fetch, where the runtime has the option network',
    ],
    [
      'a file',
      'await this.helpers.getBinaryDataBuffer(0, "data")',
      'helpers.getBinaryDataBuffer is not available here: offer an extension and pass n8nCode({ helpers: { getBinaryDataBuffer: "files.getBinaryDataBuffer" } })',
    ],
    ['fetch without a capability', 'await fetch("https://x.org")', 'The handler has no capability "net:GET:x.org"'],
    [
      'axios',
      'const axios = require("axios")',
      'require("axios") is not available here: pass n8nCode({ require: { <module>: <library> } }) for a library of the runtime; there is no helper for it',
    ],
    [
      'dates without luxon',
      'return [{ now: $now.toISO() }]',
      '$now is not available here: it is part of luxon. Pass its text',
    ],
    [
      'a date without luxon that is returned',
      'return [{ today: $today }]',
      '$today is not available here: it is part of luxon',
    ],
    ['a new DateTime', 'new DateTime()', 'DateTime is not available here: it is part of luxon'],
    ['a query without jmespath', '$jmespath({}, "a")', '$jmespath is not available here: pass the text of the package'],
    [
      'a timer without a capability',
      'await new Promise((done) => setTimeout(done, 5))',
      'The handler has no capability "timer:sleep"',
    ],
    ['bytes', 'Buffer.from("a").toString("base64")', 'Buffer is not available here: use btoa(text)'],
    [
      'a node that there is not',
      '$("Orders").all()',
      'There is no node "Orders": context({ nodes }) gives none, each with its items',
    ],
    ['an inherited name', '$("constructor").all()', 'There is no node "constructor"'],
    [
      'static data',
      '$getWorkflowStaticData("global")',
      '$getWorkflowStaticData needs context({ staticData: { global: {}, node: {} } })',
    ],
    ['a secret', '$secrets.vault.key', '$secrets is not available here'],
    [
      'the item of the other mode',
      'return item.json',
      'item is not available here: use $input.first(), or the mode runOnceForEachItem',
    ],
  ])('%s: the error says what to do, at the line of the script', async (_, code, message) => {
    const kit = n8nCode();
    const { error } = await plain.executeHandler(`// first\n${code}`, kit.context(input), kit.options);
    expect(error?.message).toContain(message);
    // Nothing of the script fails when a value leaves.
    expect(error?.location?.line).toBe(code.startsWith('return [{ today') ? undefined : 2);
  });

  it.each([
    [
      'another output',
      '$("A").all(1)',
      '$("A").all(1) is not available here: there is the first output of the current run',
    ],
    ['another run', '$("A").first(0, 3)', '$("A").first(0, 3) is not available here'],
    ['another branch of the input', '$input.all(1)', '$input.all(1) is not available here'],
    [
      'an item that belongs to none',
      '$("A").item',
      'Which item of $("A") belongs to item 0 is not known: give the items pairedItem, or use .all()',
    ],
    ['parameters of a node', '$("A").params', '$("A").params is not available here'],
  ])('%s: no other value is given for it', async (_, expression, message) => {
    const { error } = await execute(`return [{ json: { x: ${expression} } }]`, {
      items: items({}, {}, {}),
      nodes: { A: items({}, {}) },
    });
    expect(error?.message).toContain(message);
    expect(error?.location?.line).toBe(1);
  });

  it('the same output, run and item may be named', async () => {
    const code =
      'const a = $("A").all(0, $runIndex);\nreturn [{ n: a.length, one: $("B").item.json.b, same: $("A").item === a[0] }];';
    const nodes = { A: items({}, {}), B: items({ b: 1 }) };
    const result = await execute(code, { items: items({}, {}), nodes, runIndex: 2 });
    expect(result.returnValue).toEqual(items({ n: 2, one: 1, same: true }));
  });

  it('all items in the mode for each', async () => {
    const { error } = await execute('return { n: $input.all().length }', input, each);
    expect(error).toMatchObject({
      message: 'TypeError: $input.all() is only available in the mode runOnceForAllItems',
      location: { line: 1, column: 23 },
    });
  });

  it.each([
    ['DateTime.fromMillis(0).setZone("Europe/Berlin").toISO()', '1970-01-01T01:00:00.000+01:00'],
    ['DateTime.fromMillis(0).setLocale("de").toFormat("LLLL")', 'Januar'],
    ['DateTime.fromMillis(0).toLocaleString()', '1/1/1970'],
    ['DateTime.now().zoneName', 'UTC'],
    ['DateTime.now().setLocale("de").minus({ days: 1 }).toRelative()', 'vor 1 Tag'],
  ])('%s: luxon has time zones and locales', async (expression, value) => {
    const { returnValue, error } = await execute(`return [{ json: { value: ${expression} } }]`, input);
    expect(error?.message).toBeUndefined();
    expect(returnValue).toEqual(items({ value }));
  });
});

describe('what a script returns', () => {
  it.each([
    ['nothing', 'all', 'const a = 1', 'returnValue return an array of objects, one for each item; it is undefined'],
    ['a text', 'all', 'return "x"', 'returnValue return an array of objects, one for each item; it is a string'],
    ['a list of numbers', 'all', 'return [1]', 'returnValue[0] an item is an object; this is a number'],
    [
      'a key beside json',
      'all',
      'return [{ json: {} }, { json: {}, total: 1 }]',
      'returnValue[1].total no key of an item',
    ],
    ['json that is a list', 'all', 'return [{ json: [] }]', 'returnValue[0].json must be an object; it is an array'],
    ['json that is missing', 'all', 'return { binary: {} }', 'returnValue.json must be an object; it is undefined'],
    ['binary that is a text', 'all', 'return [{ json: {}, binary: "x" }]', 'returnValue[0].binary must be an object'],
    ['a Map', 'all', 'return [new Map()]', 'returnValue[0] an item is an object; this is another kind of object'],
    ['a list for an item', 'each', 'return [{ json: {} }]', 'returnValue[0] return one object for the item'],
    [
      'nothing for an item',
      'each',
      'if ($json.id === 2) return; return {}',
      'returnValue[1] return an object for the item',
    ],
  ] as const)('%s is VALIDATION_ERROR', async (_, mode, code, message) => {
    const { error } = await execute(code, { items: items({ id: 1 }, { id: 2 }) }, kits[mode]);
    expect(error?.code).toBe('VALIDATION_ERROR');
    expect(error?.message.replace(': ', ' ')).toContain(message.split(' ')[0]);
    expect(error?.message).toContain(message.slice(message.indexOf(' ') + 1));
  });

  it('is checked on the host, whatever the script does to its VM', async () => {
    const code = '$lib.n8n.run = 0; Object.prototype.json = 5; return [{ json: {}, evil: 1 }]';
    expect((await execute(code, { items: [] })).error?.code).toBe('VALIDATION_ERROR');
  });

  it('may be many items', async () => {
    const code = 'return Array.from({ length: 20000 }, (_, id) => ({ json: { id } }))';
    const { error, returnValue } = await execute(code, { items: [] });
    expect(error?.message).toBeUndefined();
    expect(returnValue).toHaveLength(20_000);
  });
});

describe('the options of the kit', () => {
  it('give libraries of the runtime to require', async () => {
    const kit = n8nCode({ require: { 'slug-maker': 'slugs' } });
    const libraries = { ...kit.libraries, slugs: { source: 'exports.slug = (text) => text.toLowerCase()' } };
    await withRuntime({ libraries, maxInstances: 1 }, async (other) => {
      const code = 'const { slug } = require("slug-maker");\nreturn [{ slug: slug("A") }];';
      expect((await other.executeHandler(code, kit.context({ items: [] }), kit.options)).returnValue).toEqual(
        items({ slug: 'a' }),
      );
    });
  });

  it.each([
    [{ mode: 'all' }, 'mode'],
    [{ helpers: { httpRequest: 'http' } }, 'helpers.httpRequest'],
    [{ helpers: { 'a b': 'http.get' } }, 'helpers'],
    [{ helpers: { a: 'http.get(1)' } }, 'helpers.a'],
    [{ require: { lodash: 1 } }, 'require.lodash'],
    [{ luxon: {} }, 'luxon'],
    [{ helper: {} }, 'helper'],
  ])('%j is refused', (options, field) => {
    expect(() => n8nCode(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(field) }),
    );
  });

  it.each([
    [{}],
    [{ items: {} }],
    [{ items: [], nodes: { A: {} } }],
    [{ items: [], node: {} }],
    [null],
  ])('a context of %j is refused', (input) => {
    expect(() => all.context(input as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('are executed without the library of the kit: the error names it', async () => {
    await withRuntime({ maxInstances: 1 }, async (bare) => {
      const { error } = await bare.executeHandler('return []', all.context({ items: [] }), all.options);
      expect(error?.message).toContain('createRuntime({ libraries: n8nCode().libraries })');
      expect(await rejection(bare.run('return []', {}, { ...all.options, nothing: 1 } as never))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    });
  });
});
