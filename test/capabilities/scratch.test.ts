import { writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { Grants } from '#build/capabilities/grants.js';
import { inferCapabilities } from '#build/capabilities/inference/infer.js';
import { parseToken } from '#build/capabilities/token.js';
import { createExecutor } from '../support/executor.js';
import { called, carried, composed, singles } from './programs.js';
import { EVERYTHING, run } from './usage.js';

it('measures', async () => {
  const executor = await createExecutor();
  const out: string[] = [];
  const groups = {
    called: called(),
    carried: carried(),
    singles: singles(),
    composed: composed(Number(process.env['SEED'] ?? 1), 4000),
  };
  for (const [name, programs] of Object.entries(groups)) {
    let misses = 0,
      every = 0,
      odd = 0,
      idle = 0;
    const perWay = new Map<string, number>();
    const ways = new Set(programs.map((p) => p.way));
    const active = new Set<string>();
    for (const { way, code } of programs) {
      let all: Awaited<ReturnType<typeof run>>;
      let inferred: readonly string[];
      try {
        all = await run(executor, code, EVERYTHING);
        inferred = inferCapabilities(code);
      } catch (error) {
        odd++;
        out.push(`ODD ${name} ${String(error).slice(0, 300)}`);
        continue;
      }
      if (all.used.length > 0) active.add(way);
      else idle++;
      if (inferred.join() === EVERYTHING.join()) {
        every++;
        continue;
      }
      const grants = Grants.parse(inferred as never);
      const missing = all.used.filter((token) => {
        const p = parseToken(token);
        return p && !grants.allows(p.kind, token.slice(p.kind.length + 1));
      });
      const given = await run(executor, code, inferred as never);
      const bad =
        missing.length > 0 || given.seen.denials.length > 0 || JSON.stringify(given.seen) !== JSON.stringify(all.seen);
      const cut = [all, given].some((r) => ['TIMEOUT', 'MEMORY_LIMIT'].includes(r.seen.problem?.code ?? ''));
      if (bad && !cut) {
        misses++;
        perWay.set(way, (perWay.get(way) ?? 0) + 1);
        out.push(
          `MISS ${name} ${JSON.stringify(code)} inferred ${inferred.join(' ')} missing ${missing.join(' ')}${missing.length === 0 ? JSON.stringify(all.seen).slice(0, 200) + ' <> ' + JSON.stringify(given.seen).slice(0, 200) : ''}`,
        );
      }
    }
    out.push(
      `IDLE WAYS ${name}: ${[...ways]
        .filter((w) => !active.has(w))
        .map((w) => JSON.stringify(w))
        .join('\n   ')}`,
    );
    writeFileSync(`/tmp/rights-ways-${name}.txt`, [...perWay].map(([w, n]) => `${n} ${JSON.stringify(w)}`).join('\n'));
    out.push(`WAYS ${name}:\n${[...perWay].map(([w, n]) => `   ${n} ${JSON.stringify(w)}`).join('\n')}`);
    console.log(
      `${name}: ${programs.length} programs, ${misses} missed (${perWay.size} of ${ways.size} ways), ${every} need everything, ${idle} idle, ${odd} odd`,
    );
  }
  writeFileSync('/tmp/rights-misses.txt', out.join('\n'));
}, 600_000);
