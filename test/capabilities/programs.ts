import { CALLEES, CALLS, SINGLES } from './calls.js';
import { CARRIERS } from './carriers.js';
import { USES } from './uses.js';

export interface Program {
  /** What it is a case of: a misses' list groups by it. */
  readonly way: string;
  readonly code: string;
}

function withName(template: string, name: string, expression: string): string {
  return template.replace(new RegExp(`\\b${name}\\b`, 'g'), () => expression);
}

export function carried(): Program[] {
  return CARRIERS.flatMap(({ before = '', expression }) =>
    USES.map(({ value, use }) => ({
      way: `${before} ${expression}`.trim(),
      code: `${withName(before, 'V', value)}\n${withName(use, 'C', withName(expression, 'V', value))}`,
    })),
  );
}

export function called(): Program[] {
  return CALLS.flatMap((call) =>
    CALLEES.map(([callee, argument]) => ({
      way: call,
      code: withName(withName(call, 'F', `(${callee})`), 'A', argument),
    })),
  );
}

export function singles(): Program[] {
  return SINGLES.map((code) => ({ way: code, code }));
}

/** A value takes two or three steps before it is called or used: random programs, the same for the same seed. */
export function composed(seed: number, count: number): Program[] {
  const random = mulberry32(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  return Array.from({ length: count }, () => {
    const isCall = random() < 0.5;
    const { value, use } = pick(USES);
    const [callee, argument] = pick(CALLEES);
    const ways: string[] = [];
    const lines: string[] = [];
    const depth = 1 + Math.floor(random() * 3);
    let carried = isCall ? `(${callee})` : value;
    for (let i = 0; i < depth; i++) {
      const { before = '', expression } = pick(CARRIERS);
      const body = `${withName(before, 'V', carried)} return [${withName(expression, 'V', carried)}];`;
      lines.push(`const v${i} = await (async () => { ${body} })();`);
      carried = `v${i}[0]`;
      ways.push(`${before} ${expression}`.trim());
    }
    const call = pick(CALLS);
    lines.push(isCall ? withName(withName(call, 'F', carried), 'A', argument) : withName(use, 'C', carried));
    return { way: `${ways.join(' | ')} | ${isCall ? call : use}`, code: lines.join('\n') };
  });
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
