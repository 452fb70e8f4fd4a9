// A handler as bundlers make them: 250 KB of code, of which it uses a little.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const acorn = readFileSync(createRequire(import.meta.url).resolve('acorn'), 'utf8');

/** Counts the names in an expression. */
export const source = `
const module = { exports: {} };
const { exports } = module;
(function () {
${acorn}
}).call(globalThis);
const names = new Set();
const visit = (node) => {
  if (node === null || typeof node !== 'object') return;
  if (node.type === 'Identifier') names.add(node.name);
  for (const value of Object.values(node)) visit(value);
};
visit(module.exports.parseExpressionAt($args.expression, 0, { ecmaVersion: 2022 }));
$state.runs = ($state.runs ?? 0) + 1;
$emit('counted', { names: names.size });
return names.size;
`;

/** What a test of the suite passes and expects, by its number. */
export function testCase(number) {
  const names = Array.from({ length: 2 + (number % 5) }, (_, i) => `name${i}`);
  return { args: { expression: names.join(' + ') }, expected: names.length };
}
