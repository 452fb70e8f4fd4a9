import { z } from 'zod';
import type { Tools } from '#src/code-mode/index.js';

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const input = (properties: object, required = Object.keys(properties)) =>
  ({ type: 'object', properties, required }) as const;

const WEATHER: Readonly<Record<string, { temperature: number; condition: string }>> = {
  London: { temperature: 14, condition: 'rain' },
  Lisbon: { temperature: 24, condition: 'sunny' },
  Tokyo: { temperature: 19, condition: 'cloudy' },
  Paris: { temperature: 17, condition: 'sunny' },
};
const ISSUES = Array.from({ length: 40 }, (_, index) => ({
  number: index + 1,
  title: `Issue ${index + 1}`,
  state: index % 3 === 0 ? 'closed' : 'open',
  labels: index % 5 === 0 ? ['bug'] : ['docs'],
  comments: (index * 7) % 11,
}));
const ORDERS = [
  { id: 'o1', customer: 'c1', total: 120, status: 'paid', items: [{ sku: 'a', qty: 2 }] },
  { id: 'o2', customer: 'c1', total: 80, status: 'open', items: [{ sku: 'b', qty: 1 }] },
  {
    id: 'o3',
    customer: 'c2',
    total: 300,
    status: 'paid',
    items: [
      { sku: 'a', qty: 5 },
      { sku: 'c', qty: 1 },
    ],
  },
];
const ROWS = {
  customers: [
    { id: 1, name: 'Ada' },
    { id: 2, name: 'Grace' },
    { id: 3, name: 'Alan' },
  ],
  purchases: [
    { customer: 1, product: 10, amount: 5 },
    { customer: 1, product: 11, amount: 7 },
    { customer: 2, product: 10, amount: 4 },
  ],
  products: [
    { id: 10, category: 'books' },
    { id: 11, category: 'toys' },
  ],
};
const STOCK: Readonly<Record<string, number>> = { a: 3, b: 10, c: 0 };

/** What the tools of the peers' examples do, with recorded answers. Everything that they change is noted. */
export function recordedTools(): { readonly tools: Tools; readonly changes: string[] } {
  const changes: string[] = [];
  const change = (what: string) => {
    changes.push(what);
    return { ok: true };
  };
  let attempts = 0;
  const tools: Tools = {
    getWeather: {
      description: 'The weather of a city.',
      inputSchema: z.object({ location: z.string() }),
      outputSchema: z.object({ temperature: z.number(), condition: z.string() }),
      execute: ({ location }: { location: string }) => {
        const found = WEATHER[location];
        if (found === undefined) throw new Error(`No weather for ${location}`);
        return found;
      },
    },
    sendEmail: {
      description: 'Sends an e-mail.',
      inputSchema: z.object({ to: z.string(), subject: z.string(), body: z.string().default('') }),
      execute: ({ to, subject }: { to: string; subject: string }) => change(`mail ${to}: ${subject}`),
    },
    'github.listIssues': {
      description: 'Issues of a repository, a page at a time.',
      inputSchema: input({ repo: text, page: number, state: text }, ['repo']),
      execute: ({ page = 1, state }: { page?: number; state?: string }) =>
        ISSUES.filter((one) => state === undefined || one.state === state).slice((page - 1) * 10, page * 10),
    },
    'github.createIssue': {
      description: 'Creates an issue.',
      inputSchema: input({ repo: text, title: text, labels: { type: 'array', items: text } }, ['repo', 'title']),
      execute: ({ title }: { title: string }) => ({ number: 41, title, ...change(`issue ${title}`) }),
    },
    'github.addLabel': {
      inputSchema: input({ number, label: text }),
      execute: ({ number: id, label }) => change(`label ${id} ${label}`),
    },
    'gdrive.getDocument': {
      description: 'The text of a document.',
      inputSchema: input({ documentId: text }),
      execute: ({ documentId }) => ({
        title: documentId,
        content: `Notes of ${documentId}. ${'Agreed on the plan. '.repeat(500)}`,
      }),
    },
    'gdrive.getSheet': {
      inputSchema: input({ sheetId: text }),
      execute: () =>
        Array.from({ length: 10_000 }, (_, index) => ({
          row: index,
          status: index % 100 === 0 ? 'pending' : 'done',
          amount: index,
        })),
    },
    'salesforce.updateRecord': {
      inputSchema: input({ objectType: text, recordId: text, data: { type: 'object' } }),
      execute: ({ recordId, data }) => change(`record ${recordId} ${Object.keys(data)}`),
    },
    'salesforce.query': {
      inputSchema: input({ query: text }),
      execute: () => [
        { Id: '00Q1', Email: 'ada@example.com' },
        { Id: '00Q2', Email: 'x' },
      ],
    },
    'slack.getChannelHistory': {
      inputSchema: input({ channel: text }),
      execute: () => {
        attempts++;
        return attempts < 3 ? [{ text: 'building' }] : [{ text: 'building' }, { text: 'deployment complete' }];
      },
    },
    'slack.postMessage': {
      inputSchema: input({ channel: text, text }),
      execute: ({ channel, text: said }) => change(`slack ${channel}: ${said}`),
    },
    'orders.list': {
      inputSchema: input({ customerId: text }, []),
      execute: ({ customerId }) => ORDERS.filter((one) => customerId === undefined || one.customer === customerId),
    },
    'orders.refund': {
      inputSchema: input({ id: text, amount: number }),
      execute: ({ id, amount }) => change(`refund ${id} ${amount}`),
    },
    getInventory: {
      inputSchema: input({ productId: text }),
      execute: ({ productId }) => ({ productId, availableUnits: STOCK[productId] ?? 0 }),
    },
    getDemand: {
      inputSchema: input({ productId: text }),
      execute: ({ productId }) => ({ productId, requestedUnits: 5 }),
    },
    'db.queryTable': {
      inputSchema: z.object({ table: z.enum(['customers', 'purchases', 'products']) }),
      execute: ({ table }: { table: keyof typeof ROWS }) => ({ rows: ROWS[table] }),
    },
    'calendar.freeBusy': {
      inputSchema: input({ person: text }),
      execute: ({ person }) => (person === 'ada' ? [9, 10, 14] : [10, 11, 14, 16]),
    },
    'calendar.createEvent': {
      inputSchema: input({ title: text, hour: number }),
      execute: ({ title, hour }) => ({ id: 'e1', ...change(`event ${title} ${hour}`) }),
    },
    'web.search': {
      inputSchema: input({ query: text }),
      execute: ({ query }) => [1, 2, 3].map((n) => ({ title: `${query} ${n}`, url: `https://example.com/${n}` })),
    },
    'web.fetch': {
      inputSchema: input({ url: text }),
      execute: ({ url }) => `<title>Page ${url.at(-1)}</title><p>1${url.at(-1)} apples</p>`,
    },
    'math.add': { inputSchema: input({ a: number, b: number }), execute: ({ a, b }) => a + b },
    'math.multiply': { inputSchema: input({ a: number, b: number }), execute: ({ a, b }) => a * b },
    'travel.flights': {
      inputSchema: input({ from: text, to: text }),
      execute: ({ to }) => [
        { to, price: to.length * 50 },
        { to, price: to.length * 40 },
      ],
    },
    'travel.hotels': {
      inputSchema: input({ city: text }),
      execute: ({ city }) => [
        { name: `${city} Inn`, price: 90 },
        { name: `${city} Grand`, price: 200 },
      ],
    },
    'exchange-rate': {
      inputSchema: input({ from: text, to: text }),
      execute: ({ to }) => ({ rate: to === 'EUR' ? 0.9 : 1.25 }),
    },
    'team.members': {
      inputSchema: input({ department: text }),
      execute: () => ['ada', 'grace', 'alan'].map((name, index) => ({ id: `p${index}`, name, level: index + 1 })),
    },
    'team.expenses': {
      inputSchema: input({ id: text, quarter: text }),
      execute: ({ id }) =>
        Array.from({ length: 50 }, (_, i) => ({ amount: i * (Number(id.slice(1)) + 1), status: 'approved' })),
    },
    'team.budget': { inputSchema: input({ level: number }), execute: ({ level }) => ({ travel: level * 1_000 }) },
    flaky: {
      inputSchema: input({}),
      execute: () => {
        attempts++;
        if (attempts % 3 !== 0) throw Object.assign(new Error('try again'), { code: 'EAGAIN' });
        return 'done';
      },
    },
    'files.read': {
      inputSchema: input({ path: text }),
      execute: ({ path }) => {
        if (path !== 'notes.md') throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
        return '# Notes\n- [ ] one\n- [x] two\n- [ ] three';
      },
    },
    'files.write': {
      inputSchema: input({ path: text, content: text }),
      execute: ({ path, content }) => change(`write ${path} ${content.length}`),
    },
    translate: { inputSchema: input({ text, to: text }), execute: ({ text: given, to }) => `${given} (${to})` },
    'tickets.search': {
      inputSchema: input({ status: text }),
      execute: () => [1, 2, 3, 4].map((id) => ({ id, priority: id % 2 === 0 ? 'high' : 'low', age: id * 3 })),
    },
    'tickets.update': {
      inputSchema: input({ id: number, priority: text }),
      execute: ({ id, priority }) => change(`ticket ${id} ${priority}`),
    },
  };
  return { tools, changes };
}
