// Publishes rules of two tenants and passes orders to them: good ones, and everything that can be wrong.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyAuditLog } from 'nexus-runtime';

import { type Outcome, PolicyApp, type Publication, type Tenant } from './app.js';

const shop: Tenant = { name: 'shop', plan: 'plus', settings: { threshold: 50_000 } };
const kiosk: Tenant = { name: 'kiosk', plan: 'basic', settings: { threshold: 2_000 } };

const rates = new Map<string, unknown>([
  ['USD', { rate: 0.9 }],
  ['XXX', { rate: 'unknown' }],
]);
const warnings: string[] = [];
const folder = await mkdtemp(join(tmpdir(), 'policies-'));
const auditFile = join(folder, 'audit.log');
const app = await PolicyApp.start({
  rate: async (currency) => rates.get(currency),
  tenants: [shop, kiosk],
  auditFile,
  observer: { onWarning: ({ code, message }) => void warnings.push(`${code}: ${message}`) },
});
const ruleFile = (name: string) => readFile(new URL(name, process.env['RULES']), 'utf8');

try {
  report('shop publishes loyalty', app.publish(shop, 'loyalty', await ruleFile('loyalty.js')));
  report('kiosk publishes loyalty', app.publish(kiosk, 'loyalty', await ruleFile('loyalty.js')));
  report('kiosk publishes small', app.publish(kiosk, 'small', await ruleFile('small.js')));
  report('kiosk publishes half a rule', app.publish(kiosk, 'half', 'return {'));

  const lines = [{ sku: 'LAMP', price: 12_000, quantity: 2 }];
  const first = { id: 1, customer: 'Ada', lines };
  report('first order of Ada', await app.decide(shop, 'loyalty', first));
  report('second order of Ada', await app.decide(shop, 'loyalty', { ...first, id: 2 }));
  report('large order', await app.decide(shop, 'loyalty', { ...first, id: 3, lines: [...lines, ...lines, ...lines] }));
  report('order in a broken currency', await app.decide(shop, 'loyalty', { ...first, customer: 'XXX' }));
  report('order in no currency', await app.decide(shop, 'loyalty', { ...first, customer: 'X' }));
  report('order without lines', await app.decide(shop, 'loyalty', { id: 4, customer: '', lines: [] }));
  report('order of the kiosk', await app.decide(kiosk, 'small', first));
  report('second order of the kiosk', await app.decide(kiosk, 'small', { ...first, id: 2 }));
  report('one order too many', await app.decide(kiosk, 'small', { ...first, id: 3 }));
  for (const warning of warnings) console.log(`operator: ${warning}`);
  for (const tenant of [shop, kiosk]) console.log(`bill of ${tenant.name}: ${JSON.stringify(app.bill(tenant))}`);
} finally {
  await app.close();
}
const { ok, isClosed, records } = await verifyAuditLog(auditFile);
console.log(`audit: ${JSON.stringify({ ok, isClosed, records })}`);
await rm(folder, { recursive: true });

function report(title: string, { ...facts }: Publication | Outcome): void {
  console.log(`${title}: ${JSON.stringify({ ...facts, snippet: undefined })}`);
}
