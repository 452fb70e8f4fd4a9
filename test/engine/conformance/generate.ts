import { definitions } from './generator/definitions.js';
import { Expressions } from './generator/expressions.js';
import { Random } from './generator/random.js';
import { Scope } from './generator/scope.js';
import { Statements } from './generator/statements.js';
import { js, type Program } from './program.js';

/** The start of every generated program: a log, which is its result, and a limit on its work. */
const PREAMBLE = js`const log = [];
const pending = [];
const o = {};
let steps = 0;
const note = (...values) => {
  if (++steps > 400) throw new Error('enough');
  log.push(...values);
  return values[0];
};
const tag = (strings, ...values) => strings.raw.join('|') + values.length;`;

/** Of the programs that the tests run. */
export const GENERATED_SEED = 20_240_229;

/** Programs of random statements. The same seed and count give the same programs. */
export function generatePrograms(seed: number, count: number): Program[] {
  return Array.from({ length: count }, (_, index) => generateProgram(seed + index * 7919, index));
}

function generateProgram(seed: number, index: number): Program {
  const random = new Random(seed);
  const isStrict = random.chance(0.3);
  const scope = new Scope([], [], true, isStrict);
  const statements = new Statements(random, new Expressions(random), definitions(random));
  const lines = random.times(6, 10, () => statements.statement(scope, 3)).flat();
  const results = scope.variables.map(({ name }) => name).join(', ');
  const body = [
    ...(isStrict ? ["'use strict';"] : []),
    PREAMBLE,
    'try {',
    ...lines.map((line) => `  ${line}`),
    `  log.push(${results});`,
    '} catch (error) {',
    "  log.push('ended by', error);",
    '}',
    'return [log, await Promise.allSettled(pending), o];',
  ];
  const kinds = [...statements.used].sort().join(', ') || 'plain statements';
  return { title: `random program ${index + 1}: ${kinds}`, body: body.join('\n') };
}
