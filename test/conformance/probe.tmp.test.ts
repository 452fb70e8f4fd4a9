import { it } from 'vitest';
import { appendFileSync, writeFileSync } from 'node:fs';
import { handlerOf } from '../engine/conformance/program.js';
import { SAMPLE } from './sample/index.js';
import { openColumn } from './columns/columns.mjs';
it('x', async () => {
  const [product, node, un] = await Promise.all(['product', 'node', 'unmodified'].map((n) => openColumn(n)));
  writeFileSync('/tmp/sample.txt', '');
  const t0 = Date.now();
  let total = 0;
  for (const { area, programs } of SAMPLE) {
    let same = 0;
    let i = 0;
    const f = (o: any) => o.kind === 'value' ? JSON.stringify(o.value) : o.kind === 'syntax' ? 'syntax' : `${o.kind} ${o.name} ${o.message}`;
    const kinds: any = {};
    await Promise.all(Array.from({ length: 8 }, async () => {
      while (i < programs.length) {
        const p = programs[i++]!;
        const body = handlerOf(p);
        const [a, b, c] = (await Promise.all([product, node, un].map((x) => x.run(body, { timeoutMs: 5000 })))) as any[];
        kinds[b.kind === 'value' ? b.value[0] : b.kind] = (kinds[b.kind === 'value' ? b.value[0] : b.kind] ?? 0) + 1;
        if (f(a) === f(b)) { same++; if (b.kind !== 'value' || b.value[0] !== 'value') appendFileSync('/tmp/sample.txt', `BAD ${p.title} ${f(b).slice(0, 150)}\n   ${p.body.slice(0, 600)}\n`); continue; }
        const x = f(a), y = f(b); let k = 0; while (x[k] === y[k]) k++;
        appendFileSync('/tmp/sample.txt', `${area}: ${p.title}${f(a) === f(c) ? '' : ' (unmodified differs)'}\n  P ${x.slice(Math.max(0, k - 60), k + 80)}\n  N ${y.slice(Math.max(0, k - 60), k + 80)}\n`);
      }
    }));
    total += programs.length;
    console.log(area, programs.length, 'same', same, JSON.stringify(kinds), new Set(programs.map((p) => p.body)).size, Date.now() - t0);
  }
  console.log(total);
  await Promise.all([product, node, un].map((c) => c.close()));
}, 600_000);
