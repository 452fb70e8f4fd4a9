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
