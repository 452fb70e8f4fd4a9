/** A program as a model writes it, with what comes of it. The tasks are those of the public examples of a peer, written anew. */
export interface RecordedProgram {
  readonly of: 'Cloudflare' | 'TanStack AI' | 'AI SDK' | 'Mastra' | 'Anthropic' | 'smolagents' | 'Run SDK';
  readonly task: string;
  readonly code: string;
  readonly result?: unknown;
  /** Part of the text for the model. */
  readonly says?: string;
  readonly status?: 'error';
  readonly changes?: readonly string[];
}

const fenced = (code: string, language = 'js') => `Here is the program:\n\n\`\`\`${language}\n${code}\n\`\`\`\n`;

export const PROGRAMS: readonly RecordedProgram[] = [
  // An async arrow function, which Cloudflare asks models for.
  {
    of: 'Cloudflare',
    task: 'the weather of a city',
    code: `async () => { return await tools.getWeather({ location: 'London' }); }`,
    result: { temperature: 14, condition: 'rain' },
  },
  {
    of: 'Cloudflare',
    task: 'mail if the sun shines',
    code: `async () => {
  const weather = await tools.getWeather({ location: "Lisbon" });
  if (weather.condition.includes("sunny")) {
    await tools.sendEmail({ to: "team@example.com", subject: "Nice day!", body: "It is " + weather.temperature });
    return { sent: true };
  }
  return { sent: false };
}`,
    result: { sent: true },
    changes: ['mail team@example.com: Nice day!'],
  },
  {
    of: 'Cloudflare',
    task: 'no mail in the rain',
    code: `async () => { const w = await tools.getWeather({ location: 'London' }); return w.condition === 'sunny' ? 'mail' : 'stay in' }`,
    result: 'stay in',
    changes: [],
  },
  {
    of: 'Cloudflare',
    task: 'console of a program',
    code: `async () => { console.log("start"); console.warn("careful"); return 1; }`,
    result: 1,
    says: '[warn] careful',
  },
  {
    of: 'Cloudflare',
    task: 'an error of a tool',
    code: `async () => { return await tools.getWeather({ location: 'Atlantis' }); }`,
    status: 'error',
    says: 'No weather for Atlantis',
  },
  {
    of: 'Cloudflare',
    task: 'a fenced function',
    code: fenced(
      `async () => {\n  const issues = await tools.github.listIssues({ repo: "agents", state: "open" });\n  return issues.length;\n}`,
    ),
    result: 10,
  },
  {
    of: 'Cloudflare',
    task: 'issues of several pages',
    code: `async () => {
  let page = 1, all = [];
  for (;;) {
    const batch = await tools.github.listIssues({ repo: 'agents', page });
    if (batch.length === 0) break;
    all.push(...batch); page++;
  }
  return { total: all.length, bugs: all.filter((i) => i.labels.includes('bug')).length };
}`,
    result: { total: 40, bugs: 8 },
  },
  {
    of: 'Cloudflare',
    task: 'what an OpenAPI document offers',
    code: `async () => { const found = await tools.$search('create issue'); return found[0].name; }`,
    result: 'github.createIssue',
  },
  {
    of: 'Cloudflare',
    task: 'search, then execute',
    code: `async () => { const [{ name }] = await tools.$search('issues of a repository'); const text = await tools.$describe(name); return text.includes('page?: number'); }`,
    result: true,
  },
  {
    of: 'Cloudflare',
    task: 'several words of providers',
    code: `async () => ({ weather: (await tools.getWeather({ location: 'Paris' })).condition, sum: await tools.math.add({ a: 2, b: 3 }) })`,
    result: { weather: 'sunny', sum: 5 },
  },
  {
    of: 'Cloudflare',
    task: 'positional arguments',
    code: `async () => { return await tools.math.add(2, 3); }`,
    status: 'error',
    says: 'takes one object with named properties',
  },
  {
    of: 'Cloudflare',
    task: 'an argument of another type',
    code: `async () => { return await tools.getWeather({ location: 5 }); }`,
    status: 'error',
    says: 'tools.getWeather(input: { location: string })',
  },
  // TypeScript at the top level.
  {
    of: 'TanStack AI',
    task: 'the warmest of three cities',
    code: `const cities = ["Tokyo", "Paris", "London"];
const results = await Promise.all(cities.map((location) => tools.getWeather({ location })));
const warmest = results.reduce((prev, curr) => (curr.temperature > prev.temperature ? curr : prev));
return { warmest: cities[results.indexOf(warmest)], all: results.map((r, i) => cities[i] + ' ' + r.temperature) };`,
    result: { warmest: 'Tokyo', all: ['Tokyo 19', 'Paris 17', 'London 14'] },
  },
  {
    of: 'TanStack AI',
    task: 'three tables joined',
    code: `interface Purchase { customer: number; product: number; amount: number }
const [customers, purchases, products] = await Promise.all(
  (['customers', 'purchases', 'products'] as const).map((table) => tools.db.queryTable({ table })));
const categories = new Set(products.rows.map((p: { category: string }) => p.category));
const spend: Record<string, number> = {};
for (const c of customers.rows) {
  const own: Purchase[] = purchases.rows.filter((p: Purchase) => p.customer === c.id);
  const bought = new Set(own.map((p) => products.rows.find((x: { id: number }) => x.id === p.product)!.category));
  if (bought.size === categories.size) spend[c.name as string] = own.reduce((sum, p) => sum + p.amount, 0);
}
return spend;`,
    result: { Ada: 12 },
  },
  {
    of: 'TanStack AI',
    task: 'typed parameters',
    code: `const f = (n: number): string => n.toFixed(1);\nreturn f((await tools.getWeather({ location: 'Paris' })).temperature);`,
    result: '17.0',
  },
  {
    of: 'TanStack AI',
    task: 'an interface and an assertion',
    code: `type W = { temperature: number };\nconst w = (await tools.getWeather({ location: 'Tokyo' })) as W;\nreturn w.temperature satisfies number;`,
    result: 19,
  },
  {
    of: 'TanStack AI',
    task: 'a failure of one of several',
    code: `const r = await Promise.allSettled(['Paris', 'Nowhere'].map((location) => tools.getWeather({ location })));\nreturn r.map((x) => x.status);`,
    result: ['fulfilled', 'rejected'],
  },
  {
    of: 'TanStack AI',
    task: 'math that models get wrong',
    code: `const xs = Array.from({ length: 1000 }, (_, i) => i * 1.1);\nreturn Math.round(xs.reduce((a, b) => a + b, 0));`,
    result: 549450,
  },
  {
    of: 'TanStack AI',
    task: 'a skill from tools',
    code: `async function forecastOf(city: string) { const w = await tools.getWeather({ location: city }); return \`\${city}: \${w.condition}\`; }\nreturn await forecastOf('Lisbon');`,
    result: 'Lisbon: sunny',
  },
  {
    of: 'TanStack AI',
    task: 'console and a value',
    code: `console.log('Fetching…', { n: 2 });\nreturn 'done';`,
    result: 'done',
    says: 'Fetching…',
  },
  {
    of: 'TanStack AI',
    task: 'a line that does not parse',
    code: `const x = await tools.getWeather({ location: 'Paris' );\nreturn x;`,
    status: 'error',
    says: 'Nothing of it has run.',
  },
  {
    of: 'TanStack AI',
    task: 'a fence of TypeScript',
    code: fenced(`const n: number = await tools.math.multiply({ a: 6, b: 7 });\nreturn n;`, 'typescript'),
    result: 42,
  },
  // Concurrent tools, of the AI SDK.
  {
    of: 'AI SDK',
    task: 'stock against demand',
    code: `const ids = ['a', 'b', 'c'];
const rows = await Promise.all(ids.map(async (productId) => {
  const [inventory, demand] = await Promise.all([tools.getInventory({ productId }), tools.getDemand({ productId })]);
  return { productId, short: Math.max(0, demand.requestedUnits - inventory.availableUnits) };
}));
return rows.filter((row) => row.short > 0);`,
    result: [
      { productId: 'a', short: 2 },
      { productId: 'c', short: 5 },
    ],
  },
  {
    of: 'AI SDK',
    task: 'a large answer is filtered',
    code: `const rows = await tools.gdrive.getSheet({ sheetId: 's' });\nreturn rows.filter((r) => r.status === 'pending').length;`,
    result: 100,
  },
  {
    of: 'AI SDK',
    task: 'control flow of several steps',
    code: `let n = 1;\nfor (let i = 0; i < 4; i++) n = await tools.math.multiply({ a: n, b: 2 });\nreturn n;`,
    result: 16,
  },
  { of: 'AI SDK', task: 'a value that JSON cannot write', code: `return new Map([['a', 1]]);`, says: '[["a",1]]' },
  { of: 'AI SDK', task: 'nothing returned', code: `await tools.math.add({ a: 1, b: 1 });`, says: 'returned nothing' },
  {
    of: 'AI SDK',
    task: 'an exception is caught',
    code: `try { await tools.files.read({ path: 'x' }); } catch (error) { return { code: error.code, message: error.message }; }`,
    result: { code: 'ENOENT', message: 'ENOENT: x' },
  },
  {
    of: 'AI SDK',
    task: 'retries',
    code: `for (let attempt = 1; attempt <= 5; attempt++) {\n  try { return { value: await tools.flaky({}), attempt }; } catch (e) { if (e.code !== 'EAGAIN') throw e; }\n}`,
    result: { value: 'done', attempt: 3 },
  },
  {
    of: 'AI SDK',
    task: 'a tool that is not there',
    code: `return await tools.getWheather({ location: 'Paris' });`,
    status: 'error',
    says: 'tools.getWeather(input',
  },
  {
    of: 'AI SDK',
    task: 'a time in the program',
    code: `await new Promise((resolve) => setTimeout(resolve, 5));\nreturn 'later';`,
    result: 'later',
  },
  // Approvals and host functions, of the Run SDK.
  {
    of: 'Run SDK',
    task: 'a total of host functions',
    code: `const total = (await Promise.all([1, 2, 3].map((b) => tools.math.add({ a: 0, b })))).reduce((a, b) => a + b);\nreturn { total };`,
    result: { total: 6 },
  },
  {
    of: 'Run SDK',
    task: 'orders of a customer',
    code: `const orders = await tools.orders.list({ customerId: 'c1' });\nconst total = orders.reduce((sum, order) => sum + order.total, 0);\nreturn { count: orders.length, total };`,
    result: { count: 2, total: 200 },
  },
  {
    of: 'Run SDK',
    task: 'a refund of what is paid',
    code: `for (const order of await tools.orders.list({ customerId: 'c2' })) if (order.status === 'paid') await tools.orders.refund({ id: order.id, amount: order.total });\nreturn 'refunded';`,
    result: 'refunded',
    changes: ['refund o3 300'],
  },
  {
    of: 'Run SDK',
    task: 'numbers beyond JSON',
    code: `return [NaN, Infinity, -0].map(String);`,
    result: ['NaN', 'Infinity', '0'],
  },
  {
    of: 'Run SDK',
    task: 'no process, no require',
    code: `return [typeof process, typeof require, typeof fetch('x').catch];`,
    status: 'error',
    says: 'failed',
  },
  {
    of: 'Run SDK',
    task: 'an endless promise',
    code: `await new Promise(() => {});`,
    status: 'error',
    says: 'never settles',
  },
  {
    of: 'Run SDK',
    task: 'an error with a cause',
    code: `try { await tools.files.read({ path: 'a' }) } catch (cause) { throw new Error('could not read', { cause }) }`,
    status: 'error',
    says: 'could not read',
  },
  // Bounded loops over everything, of Mastra.
  {
    of: 'Mastra',
    task: 'a trip that is planned',
    code: `const cities = ['Rome', 'Madrid'];
const plans = [];
for (const to of cities) {
  const [flights, hotels] = await Promise.all([tools.travel.flights({ from: 'Berlin', to }), tools.travel.hotels({ city: to })]);
  const flight = Math.min(...flights.map((f) => f.price)), hotel = Math.min(...hotels.map((h) => h.price));
  plans.push({ to, total: flight + 3 * hotel });
}
plans.sort((a, b) => a.total - b.total);
return plans[0];`,
    result: { to: 'Rome', total: 430 },
  },
  {
    of: 'Mastra',
    task: 'sums per customer',
    code: `const by = {};\nfor (const { customer, total } of await tools.orders.list({})) by[customer] = (by[customer] ?? 0) + total;\nreturn by;`,
    result: { c1: 200, c2: 300 },
  },
  {
    of: 'Mastra',
    task: 'a rate applied',
    code: `const { rate } = await tools.exchange_rate({ from: 'USD', to: 'EUR' });\nreturn (await tools.orders.list({})).map((o) => Math.round(o.total * rate));`,
    result: [108, 72, 270],
  },
  {
    of: 'Mastra',
    task: 'an average',
    code: `const issues = await tools.github.listIssues({ repo: 'x' });\nconst mean = issues.map((i) => i.comments).reduce((a, b) => a + b) / issues.length;\nreturn Number(mean.toFixed(2));`,
    result: 5.1,
  },
  {
    of: 'Mastra',
    task: 'a module with a default export',
    code: `export default async function main() {\n  const { availableUnits } = await tools.getInventory({ productId: 'b' });\n  return availableUnits;\n}`,
    result: 10,
  },
  {
    of: 'Mastra',
    task: 'main is called at the end',
    code: `async function main() { return (await tools.getDemand({ productId: 'a' })).requestedUnits; }\nmain();`,
    result: 5,
  },
  {
    of: 'Mastra',
    task: 'main is not called',
    code: `const limit = 3;\nasync function main() { return limit; }`,
    status: 'error',
    says: 'nothing calls it',
  },
  {
    of: 'Mastra',
    task: 'an async function at once',
    code: `(async () => { const r = await tools.math.add({ a: 20, b: 22 }); return r; })();`,
    result: 42,
  },
  {
    of: 'Mastra',
    task: 'groups and dates',
    code: `const g = Object.groupBy(await tools.tickets.search({ status: 'open' }), (t) => t.priority);\nreturn { high: g.high.map((t) => t.id), day: new Date(0).toISOString().slice(0, 10) };`,
    result: { high: [2, 4], day: '1970-01-01' },
  },
  // Large intermediate values, of "code execution with MCP".
  {
    of: 'Anthropic',
    task: 'a transcript to a record',
    code: `const transcript = (await tools.gdrive.getDocument({ documentId: 'abc123' })).content;
await tools.salesforce.updateRecord({ objectType: 'SalesMeeting', recordId: '00Q5f', data: { Notes: transcript } });
return transcript.length;`,
    result: 10_017,
    changes: ['record 00Q5f Notes'],
  },
  {
    of: 'Anthropic',
    task: 'rows that wait',
    code: `const rows = await tools.gdrive.getSheet({ sheetId: 'abc' });\nconst pending = rows.filter((row) => row.status === 'pending');\nconsole.log(\`Found \${pending.length} pending orders\`);\nconsole.log(pending.slice(0, 2));\nreturn pending.length;`,
    result: 100,
    says: 'Found 100 pending orders',
  },
  {
    of: 'Anthropic',
    task: 'wait for a message',
    code: `let found = false;
while (!found) {
  const messages = await tools.slack.getChannelHistory({ channel: 'C1' });
  found = messages.some((m) => m.text.includes('deployment complete'));
  if (!found) await new Promise((r) => setTimeout(r, 2));
}
return 'Deployment notification received';`,
    result: 'Deployment notification received',
  },
  {
    of: 'Anthropic',
    task: 'records from a query',
    code: `for (const { Id, Email } of await tools.salesforce.query({ query: 'SELECT Id, Email FROM Lead LIMIT 1000' }))\n  if (Email.includes('@')) await tools.salesforce.updateRecord({ objectType: 'Lead', recordId: Id, data: { Email } });\nreturn 'updated';`,
    result: 'updated',
    changes: ['record 00Q1 Email'],
  },
  {
    of: 'Anthropic',
    task: 'who is over the budget of travel',
    code: `const team = await tools.team.members({ department: 'engineering' });
const levels = [...new Set(team.map((m) => m.level))];
const budgets = Object.fromEntries(await Promise.all(levels.map(async (level) => [level, await tools.team.budget({ level })])));
const expenses = await Promise.all(team.map((m) => tools.team.expenses({ id: m.id, quarter: 'Q3' })));
return team.flatMap((member, i) => {
  const spent = expenses[i].reduce((sum, e) => sum + e.amount, 0);
  return spent > budgets[member.level].travel ? [{ name: member.name, spent }] : [];
});`,
    result: [
      { name: 'ada', spent: 1225 },
      { name: 'grace', spent: 2450 },
      { name: 'alan', spent: 3675 },
    ],
  },
  {
    of: 'Anthropic',
    task: 'a whole document is not told',
    code: `return await tools.gdrive.getSheet({ sheetId: 's' });`,
    says: 'Return less',
  },
  {
    of: 'Anthropic',
    task: 'a file is kept',
    code: `const rows = await tools.gdrive.getSheet({ sheetId: 's' });\nconst csv = rows.slice(0, 3).map((r) => r.row + ',' + r.status).join('\\n');\nreturn await tools.files.write({ path: 'leads.csv', content: csv });`,
    result: { ok: true },
    changes: ['write leads.csv 23'],
  },
  {
    of: 'Anthropic',
    task: 'tools are found on demand',
    code: `return (await tools.$search('salesforce record')).map((t) => t.name).slice(0, 1);`,
    result: ['salesforce.updateRecord'],
  },
  // Steps of agents that write code.
  {
    of: 'smolagents',
    task: 'search, then read',
    code: `const pages = await tools.web.search({ query: 'apples' });\nconst texts = await Promise.all(pages.map(({ url }) => tools.web.fetch({ url })));\nreturn texts.map((t) => Number(/(\\d+) apples/.exec(t)[1]));`,
    result: [11, 12, 13],
  },
  {
    of: 'smolagents',
    task: 'the last expression is the answer',
    code: `const [a] = await tools.web.search({ query: 'q' });\na.title`,
    result: 'q 1',
  },
  {
    of: 'smolagents',
    task: 'a translation in turn',
    code: `let s = 'hello';\nfor (const to of ['fr', 'de']) s = await tools.translate({ text: s, to });\nreturn s;`,
    result: 'hello (fr) (de)',
  },
  {
    of: 'smolagents',
    task: 'tasks of a note',
    code: `const md = await tools.files.read({ path: 'notes.md' });\nreturn md.split('\\n').filter((l) => l.startsWith('- [ ]')).map((l) => l.slice(6));`,
    result: ['one', 'three'],
  },
  {
    of: 'smolagents',
    task: 'an hour for a meeting',
    code: `const [a, g] = await Promise.all(['ada', 'grace'].map((person) => tools.calendar.freeBusy({ person })));\nconst busy = new Set([...a, ...g]);\nconst hour = [9, 10, 11, 12, 13].find((h) => !busy.has(h));\nawait tools.calendar.createEvent({ title: 'sync', hour });\nreturn hour;`,
    result: 12,
    changes: ['event sync 12'],
  },
  {
    of: 'smolagents',
    task: 'tickets that are old',
    code: `const { tickets } = tools;\nconst old = (await tickets.search({ status: 'open' })).filter((t) => t.age > 6 && t.priority === 'low');\nawait Promise.all(old.map(({ id }) => tickets.update({ id, priority: 'high' })));\nreturn old.length;`,
    result: 1,
    changes: ['ticket 3 high'],
  },
  {
    of: 'smolagents',
    task: 'an undefined variable',
    code: `const w = await tools.getWeather({ location: 'Paris' });\nreturn wether.temperature;`,
    status: 'error',
    says: 'wether',
  },
  {
    of: 'smolagents',
    task: 'a regular expression and a generator',
    code: `function* words(t) { for (const m of t.matchAll(/\\w+/g)) yield m[0]; }\nreturn [...words('a few words')].length;`,
    result: 3,
  },
  {
    of: 'smolagents',
    task: 'a class',
    code: `class Cart { #t = 0; add(n) { this.#t += n; return this; } get total() { return this.#t; } }\nconst cart = new Cart();\nfor (const { total } of await tools.orders.list({ customerId: 'c1' })) cart.add(total);\nreturn cart.total;`,
    result: 200,
  },
  {
    of: 'smolagents',
    task: 'several posts',
    code: `await Promise.all(['#a', '#b'].map((channel) => tools.slack.postMessage({ channel, text: 'hi' })));\nreturn 'posted';`,
    result: 'posted',
    changes: ['slack #a: hi', 'slack #b: hi'],
  },
  {
    of: 'smolagents',
    task: 'async iteration',
    code: `async function* pages() { for (let page = 1; page < 4; page++) yield await tools.github.listIssues({ repo: 'x', page }); }\nlet n = 0;\nfor await (const p of pages()) n += p.length;\nreturn n;`,
    result: 30,
  },
];
