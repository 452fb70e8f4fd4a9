import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, inferCapabilities, type NexusRuntime } from '#src/index.js';
import { type DirectusInput, directusRunScript } from '#src/migrate/index.js';

const kit = directusRunScript({ require: { slugs: 'slugs' } });

let runtime: NexusRuntime;
beforeAll(async () => {
  const libraries = { slugs: { source: 'module.exports = (text) => text.toLowerCase().replace(/\\W+/g, "-")' } };
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, libraries });
});
afterAll(() => runtime.shutdown());

const execute = (code: string, data: DirectusInput = {}) =>
  runtime.executeHandler(code, kit.context(data), kit.options);

interface DirectusScript {
  readonly name: string;
  readonly code: string;
  readonly data: DirectusInput;
  readonly output: unknown;
  readonly log?: readonly string[];
}

/** What people write in "Run Script", in our words: the template, guides of the documentation, questions in the forum and in issues. */
const SCRIPTS: readonly DirectusScript[] = [
  {
    name: 'the template',
    code: 'module.exports = async function(data) {\n\t// Do something...\n\treturn {};\n}',
    data: { $last: 1 },
    output: {},
  },
  {
    name: 'the last operation',
    code: 'module.exports = function (data) { return data.$last.map((row) => row.id); };',
    data: { $last: [{ id: 1 }, { id: 2 }] },
    output: [1, 2],
  },
  {
    name: 'a slug of the title, for a filter flow',
    code: `module.exports = async function(data) {
	const payload = data.$trigger.payload;
	const slug = payload.title
		.normalize('NFD')
		.replace(/[\\u0300-\\u036f]/g, '')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/(^-|-$)/g, '');
	return { ...payload, slug };
}`,
    data: { $trigger: { event: 'articles.items.create', payload: { title: 'Crème Brûlée!' } } },
    output: { title: 'Crème Brûlée!', slug: 'creme-brulee' },
  },
  {
    name: 'an operation by its key',
    code: `module.exports = async function (data) {
    let output = [];
    let ranks = [1, 1, 1];
    data.read_rankings.forEach((element) => {
        output.push({ id: element.id, rank: ranks[element.list - 1]++ });
    });
    return output;
}`,
    data: {
      read_rankings: [
        { id: 'a', list: 1 },
        { id: 'b', list: 2 },
        { id: 'c', list: 1 },
      ],
    },
    output: [
      { id: 'a', rank: 1 },
      { id: 'b', rank: 1 },
      { id: 'c', rank: 2 },
    ],
  },
  {
    name: 'the body of a webhook',
    code: `module.exports = async function ({ $trigger: { body, query, headers } }) {
	if (headers['x-token'] !== 'secret') throw new Error('Unauthorized');
	return { name: body.name.trim(), page: Number(query.page ?? 1) };
}`,
    data: {
      $trigger: {
        path: '/trigger/x',
        method: 'POST',
        body: { name: ' Ada ' },
        query: { page: '3' },
        headers: { 'x-token': 'secret' },
      },
    },
    output: { name: 'Ada', page: 3 },
  },
  {
    name: 'variables of the environment',
    code: 'module.exports = async (data) => ({ url: data.$env.PUBLIC_URL + "/admin", same: process.env.PUBLIC_URL === data.$env.PUBLIC_URL });',
    data: { $env: { PUBLIC_URL: 'https://x.org' } },
    output: { url: 'https://x.org/admin', same: true },
  },
  {
    name: 'who did it',
    code: `module.exports = async function(data) {
	const { user, role, admin } = data.$accountability;
	return { changed_by: user, is_admin: admin ?? role === 'administrator' };
}`,
    data: { $accountability: { user: 'u1', role: 'administrator' } },
    output: { changed_by: 'u1', is_admin: true },
  },
  {
    name: 'helpers beside the function, which are hoisted and closed over',
    code: `const VAT = 0.081;
module.exports = async function (data) {
	const lines = data.$last.map(withTotals);
	return { lines, total: round(lines.reduce((sum, line) => sum + line.total, 0)) };
};
function withTotals(line) {
	return { ...line, total: round(line.price * line.quantity * (1 + VAT)) };
}
var round = (n) => Math.round(n * 100) / 100;`,
    data: { $last: [{ price: 10, quantity: 2 }] },
    output: { lines: [{ price: 10, quantity: 2, total: 21.62 }], total: 21.62 },
  },
  {
    name: 'keys of an update, as arrays',
    code: `module.exports = async function(data) {
	const keys = [].concat(data.$trigger.keys ?? data.$trigger.key);
	return { filter: { id: { _in: keys } }, count: keys.length };
}`,
    data: { $trigger: { event: 'items.update', keys: [4, 5] } },
    output: { filter: { id: { _in: [4, 5] } }, count: 2 },
  },
  {
    name: 'dates of a schedule',
    code: `module.exports = async function(data) {
	const from = new Date(data.$trigger.now);
	from.setDate(from.getDate() - 30);
	return { from: from.toISOString().slice(0, 10), isOld: new Date('2020-01-01') < from };
}`,
    data: { $trigger: { now: '2024-03-01T00:00:00Z' } },
    output: { from: '2024-01-31', isOld: true },
  },
  {
    name: 'a log, and nothing returned',
    code: 'module.exports = async function(data) {\n\tconsole.log("got", data.$last);\n\tlog("old", 1);\n}',
    data: { $last: { a: 1 } },
    output: undefined,
    log: ['got { a: 1 }', 'old 1'],
  },
  {
    name: 'a text in HTML for a mail',
    code: `module.exports = async function(data) {
	const rows = data.read_orders
		.filter((o) => o.status === 'open')
		.sort((a, b) => a.due.localeCompare(b.due))
		.map((o) => \`<tr><td>\${escape(o.no)}</td><td>\${o.due}</td></tr>\`);
	return \`<table>\${rows.join('')}</table>\`;

	function escape(text) {
		return String(text).replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
	}
}`,
    data: {
      read_orders: [
        { no: 'B<2>', due: '2024-02-02', status: 'open' },
        { no: 'A', due: '2024-01-01', status: 'open' },
        { no: 'C', due: '2024-01-01', status: 'paid' },
      ],
    },
    output: '<table><tr><td>A</td><td>2024-01-01</td></tr><tr><td>B&lt;2&gt;</td><td>2024-02-02</td></tr></table>',
  },
  {
    name: 'several awaits, and an array for the flow that is triggered',
    code: `module.exports = async (data) => {
  const groups = await Promise.all(data.$last.map(async (row) => [row.email, await Promise.resolve(row.items)]));
  return groups.flatMap(([email, items]) => items.map((item) => ({ email, item })));
};`,
    data: {
      $last: [
        { email: 'a@x', items: [1, 2] },
        { email: 'b@x', items: [] },
      ],
    },
    output: [
      { email: 'a@x', item: 1 },
      { email: 'a@x', item: 2 },
    ],
  },
  {
    name: 'names that the script declares itself',
    code: `const process = { env: { A: 1 } };
const log = (x) => x + 1;
module.exports = () => log(process.env.A);`,
    data: {},
    output: 2,
  },
  {
    name: 'a module of the project',
    code: "const slug = require('slugs');\nmodule.exports = async (data) => slug(data.$last);",
    data: { $last: 'A b C' },
    output: 'a-b-c',
  },
];

describe('scripts of Run Script', () => {
  it.each(SCRIPTS)('$name', async ({ code, data, output, log = [] }) => {
    const result = await execute(code, data);
    expect(result.error?.message).toBeUndefined();
    expect(result.returnValue).toEqual(output);
    expect(result.logs.map(({ message }) => message)).toEqual(log);
    expect(inferCapabilities(code, kit.source)).toEqual([]);
  });

  it('in TypeScript', async () => {
    const code = 'interface Data { $last: { n: number }[] }\nmodule.exports = async (data: Data) => data.$last.length;';
    const options = { ...kit.options, filename: 'script.ts' };
    expect((await runtime.executeHandler(code, kit.context({ $last: [{}] }), options)).returnValue).toBe(1);
  });

  it('fail as they throw: at the line of the author', async () => {
    const code = 'module.exports = async function (data) {\n  throw new Error("Rejected: " + data.$last.id);\n}';
    expect((await execute(code, { $last: { id: 3 } })).error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'Error: Rejected: 3',
      location: { line: 2, column: 18 },
    });
    const thrown = await execute('module.exports = () => { throw { code: 7 } }');
    expect(thrown.error?.context?.['thrown']).toEqual({ code: 7 });
  });
});

describe('what cannot be', () => {
  it.each([
    [
      'module.exports = async () => require("axios").get("x")',
      'require("axios") is not available to this script: the option require of the kit gives libraries of the runtime, and a request is a call of the application',
    ],
    ['module.exports = async () => fetch("https://x.org")', 'The handler has no capability "net:GET:x.org"'],
    [
      'module.exports = async ({ $last }) => Buffer.from($last)',
      "'Buffer' is not defined; a handler has nothing of Node",
    ],
    [
      'async function run(data) { return data }',
      'the script assigns no function to module.exports: module.exports = async function (data) { … }',
    ],
    ['module.exports = { run() {} }', 'the script assigns no function to module.exports'],
    ['return 1', 'the script assigns no function to module.exports'],
  ])('%s: the error says what to do', async (code, message) => {
    expect((await execute(code)).error?.message).toContain(message);
  });

  it('options and data of another shape are INVALID_ARGUMENT', () => {
    for (const make of [
      () => directusRunScript({ requires: {} } as never),
      () => directusRunScript({ require: { a: 1 } } as never),
      () => directusRunScript(null as never),
      () => kit.context(null as never),
    ]) {
      expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });
});
