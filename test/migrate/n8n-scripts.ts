import type { N8nInput } from '#src/migrate/index.js';

interface N8nScript {
  readonly name: string;
  readonly code: string;
  /** @default 'all' */
  readonly mode?: 'all' | 'each';
  readonly input: N8nInput;
  readonly output: unknown;
  /** Mutations of the static data. @default none */
  readonly state?: readonly (readonly [key: string, value: unknown])[];
}

const items = (...values: Record<string, unknown>[]) => values.map((json) => ({ json }));

/** What people write in the Code node, in our words: the template, recipes of the documentation, answers in the forum, templates. */
export const N8N_SCRIPTS: readonly N8nScript[] = [
  {
    name: 'the template: a field is added to each of all items',
    code: `// Loop over input items and add a new field
for (const item of $input.all()) {
  item.json.checked = true;
}

return $input.all();`,
    input: { items: items({ id: 1 }, { id: 2 }) },
    output: items({ id: 1, checked: true }, { id: 2, checked: true }),
  },
  {
    name: 'the template for each item',
    mode: 'each',
    code: `// Add a new field to the item
$input.item.json.double = $input.item.json.n * 2;

return $input.item;`,
    input: { items: items({ n: 1 }, { n: 5 }) },
    output: [
      { json: { n: 1, double: 2 }, pairedItem: { item: 0 } },
      { json: { n: 5, double: 10 }, pairedItem: { item: 1 } },
    ],
  },
  {
    name: 'how many items there are, with the variable of the Function node',
    code: `if (Object.keys(items[0].json).length === 0) {
  return [{ json: { results: 0 } }];
}
return [{ json: { results: items.length } }];`,
    input: { items: items({ a: 1 }, { a: 2 }, { a: 3 }) },
    output: items({ results: 3 }),
  },
  {
    name: 'a list in one item becomes items, without the key json',
    code: `const response = $input.first().json;
return response.data.users.map((user) => ({ id: user.id, mail: user.email.toLowerCase() }));`,
    input: {
      items: items({
        data: {
          users: [
            { id: 7, email: 'ADA@X.ORG' },
            { id: 8, email: 'b@x.org' },
          ],
        },
      }),
    },
    output: items({ id: 7, mail: 'ada@x.org' }, { id: 8, mail: 'b@x.org' }),
  },
  {
    name: 'a variable of its own that is called items',
    code: `const items = $input.all();
const total = items.reduce((sum, item) => sum + (item.json.amount || 0), 0);
return [{ json: { total, average: total / items.length } }];`,
    input: { items: items({ amount: 10 }, { amount: 20 }, {}) },
    output: items({ total: 30, average: 10 }),
  },
  {
    name: 'items are grouped',
    code: `const groups = {};
for (const { json } of $input.all()) {
  (groups[json.country] ??= []).push(json.city);
}
return Object.entries(groups).map(([country, cities]) => ({ json: { country, cities: cities.sort() } }));`,
    input: {
      items: items({ country: 'CH', city: 'Zürich' }, { country: 'DE', city: 'Ulm' }, { country: 'CH', city: 'Bern' }),
    },
    output: items({ country: 'CH', cities: ['Bern', 'Zürich'] }, { country: 'DE', cities: ['Ulm'] }),
  },
  {
    name: 'duplicates are left out',
    code: `const seen = new Set();
return $input.all().filter((item) => {
  const key = String(item.json.email).trim().toLowerCase();
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
});`,
    input: { items: items({ email: 'a@x.org' }, { email: ' A@x.org' }, { email: 'b@x.org' }) },
    output: items({ email: 'a@x.org' }, { email: 'b@x.org' }),
  },
  {
    name: 'two nodes are joined by an id',
    code: `const orders = $("Get Orders").all();
const customers = new Map($('Get Customers').all().map((c) => [c.json.id, c.json]));

return orders.map((order, index) => ({
  json: { ...order.json, customer: customers.get(order.json.customerId)?.name ?? null },
  pairedItem: index,
}));`,
    input: {
      items: items({}),
      nodes: {
        'Get Orders': items({ no: 1, customerId: 'c2' }, { no: 2, customerId: 'c9' }),
        'Get Customers': items({ id: 'c2', name: 'Ada' }),
      },
    },
    output: [
      { json: { no: 1, customerId: 'c2', customer: 'Ada' }, pairedItem: 0 },
      { json: { no: 2, customerId: 'c9', customer: null }, pairedItem: 1 },
    ],
  },
  {
    name: 'nodes by the older names',
    code: `const token = $node["Login"].json["token"];
const names = $items("Names").map((i) => i.json.name);
return { token, names, raw: $node['Login'].binary };`,
    input: { items: items({}), nodes: { Login: items({ token: 't' }), Names: items({ name: 'a' }, { name: 'b' }) } },
    output: items({ token: 't', names: ['a', 'b'], raw: {} }),
  },
  {
    name: 'a webhook is checked, item by item',
    mode: 'each',
    code: `const { email, age } = $json.body;
const errors = [];
if (!/^[^@\\s]+@[^@\\s]+$/.test(email ?? '')) errors.push('email');
if (!Number.isInteger(Number(age))) errors.push('age');

return {
  json: { valid: errors.length === 0, errors, index: $itemIndex },
};`,
    input: { items: items({ body: { email: 'a@b', age: '7' } }, { body: { age: 'x' } }) },
    output: [
      { json: { valid: true, errors: [], index: 0 }, pairedItem: { item: 0 } },
      { json: { valid: false, errors: ['email', 'age'], index: 1 }, pairedItem: { item: 1 } },
    ],
  },
  {
    name: 'what is known of the item is kept by the node for each item, and null drops it',
    mode: 'each',
    code: `const item = $input.item;
if (item.json.skip) return null;
const other = $('Prices').item.json;
return { json: { name: item.json.name, price: other.price }, pairedItem: item.pairedItem };`,
    input: {
      items: [
        { json: { name: 'a' }, pairedItem: { item: 3 } },
        { json: { skip: true } },
        { json: { name: 'c' }, pairedItem: [{ item: 1 }] },
      ],
      nodes: { Prices: items({ price: 1 }, { price: 2 }, { price: 3 }, { price: 4 }) },
    },
    output: [
      { json: { name: 'a', price: 4 }, pairedItem: { item: 3 } },
      { json: { name: 'c', price: 2 }, pairedItem: [{ item: 1 }] },
    ],
  },
  {
    name: 'dates of luxon',
    code: `const from = $now.minus({ days: 7 }).toISODate();
const due = DateTime.fromISO($input.first().json.due, { zone: 'utc' });
const left = Math.ceil(due.diff($today, 'days').days);
return [{
  json: {
    from,
    due: due.toFormat('dd LLL yyyy'),
    weekday: due.weekdayLong,
    left,
    overdue: due < $now,
    at: $now,
    ago: $now.minus({ days: 3 }).toRelative(),
    label: \`Report of \${$today.toFormat('yyyy-MM-dd')}\`,
    hours: Interval.fromDateTimes($today, $now).length('hours'),
  },
}];`,
    input: { items: items({ due: '2024-03-04' }) },
    output: items({
      from: '2024-02-22',
      due: '04 Mar 2024',
      weekday: 'Monday',
      left: 4,
      overdue: false,
      at: '2024-02-29T12:30:00.000Z',
      ago: '3 days ago',
      label: 'Report of 2024-02-29',
      hours: 12.5,
    }),
  },
  {
    name: 'what was seen before is in the static data',
    code: `const staticData = $getWorkflowStaticData('global');
staticData.seen = staticData.seen || [];

const fresh = $input.all().filter((item) => !staticData.seen.includes(item.json.id));
staticData.seen.push(...fresh.map((item) => item.json.id));
return fresh;`,
    input: { items: items({ id: 1 }, { id: 2 }), staticData: { global: { seen: [1] } } },
    output: items({ id: 2 }),
    state: [['global', { seen: [1, 2] }]],
  },
  {
    name: 'requests in a loop',
    code: `const results = [];
for (const item of $input.all()) {
  const response = await this.helpers.httpRequest({
    method: 'GET',
    url: \`https://api.example.com/users/\${item.json.id}\`,
    json: true,
  });
  results.push({ json: response });
}
return results;`,
    input: { items: items({ id: 1 }, { id: 2 }) },
    output: items({ from: 'https://api.example.com/users/1' }, { from: 'https://api.example.com/users/2' }),
  },
  {
    name: 'requests at once, item by item',
    mode: 'each',
    code: `const [a, b] = await Promise.all(
  ['a', 'b'].map((part) => $helpers.httpRequest({ url: '/' + part + '/' + $json.id })),
);
return { a: a.from, b: b.from };`,
    input: { items: items({ id: 1 }) },
    output: [{ json: { a: '/a/1', b: '/b/1' }, pairedItem: { item: 0 } }],
  },
  {
    name: 'a query',
    code: `const names = $jmespath($input.first().json, 'people[?age > \`30\`].name');
return names.map((name) => ({ json: { name } }));`,
    input: {
      items: items({
        people: [
          { name: 'Ada', age: 36 },
          { name: 'Bo', age: 20 },
        ],
      }),
    },
    output: items({ name: 'Ada' }),
  },
  {
    name: 'items are made',
    code: `const newItems = [];
for (let i = 0; i < 3; i++) {
  newItems.push({ json: { id: i } });
}
return newItems;`,
    input: { items: items({}) },
    output: items({ id: 0 }, { id: 1 }, { id: 2 }),
  },
  {
    name: 'one object, and what is known of the execution',
    code: `return {
  workflow: $workflow.name,
  url: \`\${$env.BASE_URL}/\${$execution.id}\`,
  plan: $vars.plan,
  before: $prevNode.name,
  run: $runIndex,
};`,
    input: {
      items: [],
      workflow: { id: 'w', name: 'Orders' },
      execution: { id: '231' },
      env: { BASE_URL: 'https://x.org' },
      vars: { plan: 'pro' },
      prevNode: { name: 'Webhook' },
      runIndex: 2,
    },
    output: items({ workflow: 'Orders', url: 'https://x.org/231', plan: 'pro', before: 'Webhook', run: 2 }),
  },
  {
    name: 'a text of a language model is parsed',
    code: `const raw = $input.first().json.output ?? '';
const cleaned = raw.replace(/\`\`\`json|\`\`\`/g, '').trim();
let parsed;
try {
  parsed = JSON.parse(cleaned);
} catch (error) {
  parsed = { error: 'not JSON', raw };
}
console.log('parsed', Object.keys(parsed));
return [{ json: parsed }];`,
    input: { items: items({ output: '```json\n{"intent":"refund","score":0.9}\n```' }) },
    output: items({ intent: 'refund', score: 0.9 }),
  },
  {
    name: 'batches, with a function behind the return',
    code: `return chunk($input.all().map((item) => item.json.id), 2).map((ids, index) => ({ json: { batch: index + 1, ids } }));

function chunk(list, size) {
  const chunks = [];
  for (let i = 0; i < list.length; i += size) chunks.push(list.slice(i, i + size));
  return chunks;
}`,
    input: { items: items({ id: 1 }, { id: 2 }, { id: 3 }) },
    output: items({ batch: 1, ids: [1, 2] }, { batch: 2, ids: [3] }),
  },
  {
    name: 'no items',
    code: 'return $input.all().filter((item) => item.json.active);',
    input: { items: items({ active: false }) },
    output: [],
  },
];
