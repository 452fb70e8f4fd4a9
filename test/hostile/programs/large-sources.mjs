import { failure, outOfMemory, success, syntaxError, thrown } from '../lib/outcomes.mjs';
import { ONCE } from '../lib/ways.mjs';

/** Every VM that a worker creates after a large image has room for it: with a third tenant, there would be such VMs. */
export const isAlone = true;
export const title = 'large sources';
export const ways = ONCE;

function source(text, expect, name) {
  return { name, source: text, expect };
}

const SYNTAX = syntaxError(/^SyntaxError: ./);
const TOO_DEEP = failure('COMPILATION_ERROR', { message: /nested too deeply/, context: undefined });

const around = (open, middle, close, depth) => open.repeat(depth) + middle + close.repeat(depth);
const DEPTH = 100_000;
const DEEP = [
  source(around('{', '', '}', DEPTH), TOO_DEEP, 'blocks'),
  source(`return ${around('(', '1', ')', DEPTH)}`, TOO_DEEP, 'parentheses'),
  source(`return ${around('[', '', ']', DEPTH)}`, TOO_DEEP, 'array literals'),
  source(`return ${around('{a:', '1', '}', DEPTH)}`, [TOO_DEEP, SYNTAX], 'object literals'),
  source(`return ${'- '.repeat(DEPTH)}1`, TOO_DEEP, 'unary operators'),
  source(`return ${'a => '.repeat(DEPTH)}1`, TOO_DEEP, 'arrow functions'),
  source(`return ${'1 ? '.repeat(DEPTH)}1${' : 1'.repeat(DEPTH)}`, TOO_DEEP, 'conditionals'),
  source(`return ${around('`${', '1', '}`', DEPTH)}`, TOO_DEEP, 'templates'),
  source(`return ${around('function () { return ', '1', '}', 20_000)}`, [TOO_DEEP, SYNTAX], 'functions'),
  source(`if (0) {} ${'else if (0) {} '.repeat(DEPTH)}`, TOO_DEEP, 'else if'),
  source(`return /${around('(?:', '', ')', DEPTH)}/`, TOO_DEEP, 'groups of a regular expression'),
  source(`let ${around('[', 'a', ']', DEPTH)} = 1`, [TOO_DEEP, SYNTAX], 'patterns'),
  source(`return ${around('(', '1', ')', 300)}`, success(1), 'parentheses, 300 deep'),
].map((program) => ({ ...program, name: `nested: ${program.name}`, ways: ONCE }));

const LARGE = [
  source(`return ${'1 + '.repeat(100_000)}1`, success(100_001), 'a sum of 100,000'),
  source(
    `${Array.from({ length: 10_000 }, (_, i) => `var v${i} = ${i};`).join('')} return v9999`,
    success(9_999),
    '10,000 variables',
  ),
  source(
    `${'\n'.repeat(100_000)}throw new Error("x")`,
    thrown('Error: x', { line: 100_001 }),
    'an error on line 100,001',
  ),
  source(`/*${'})'.repeat(2_000_000)}*/ return 1`, success(1), 'a comment of 4 MB'),
  source(`const ${'a'.repeat(1_000_000)} = 1; return 1`, success(1), 'a name of 1 MB'),
  source(`return "${'x'.repeat(4_000_000)}".length`, success(4_000_000), 'a string of 4 MB'),
  source(`return "${'x'.repeat(15_000_000)}".length`, [outOfMemory(), success(15_000_000)], 'a string of 15 MB'),
  source(`return [${'1,'.repeat(500_000)}].length`, [success(500_000), outOfMemory()], 'a literal of 500,000'),
  source(
    `throw ${' '.repeat(1_000_000)}new Error("x")`,
    thrown('Error: x', { line: 1 }),
    'an error in column 1,000,000',
  ),
  source(
    `return 1 //${'x'.repeat(16 * 2 ** 20)}`,
    failure('INVALID_HANDLER', {
      message: /maxSourceBytes is 16777216/,
      context: ({ limit }) => limit === 'maxSourceBytes',
    }),
    'more than maxSourceBytes',
  ),
  source(
    `return "${'é'.repeat(8 * 2 ** 20)}"`,
    failure('INVALID_HANDLER', {
      message: /maxSourceBytes is 16777216/,
      context: ({ limit }) => limit === 'maxSourceBytes',
    }),
    'more than maxSourceBytes in UTF-8 only',
  ),
  source(
    `${Array.from({ length: 60_000 }, (_, i) => `let v${i};`).join('')} return 1`,
    [success(1), failure('COMPILATION_ERROR', { message: /compileTimeoutMs|too many/, context: undefined }), SYNTAX],
    '60,000 variables, which take quadratic time',
  ),
].map((program) => ({ ...program, name: `large: ${program.name}`, ways: ONCE }));

export const programs = [DEEP, LARGE].flat();
