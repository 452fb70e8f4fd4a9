// Handlers that compute for milliseconds, each with its expected value.

const fib = {
  name: 'fib(24)',
  source: 'const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));\nreturn fib($args.n);',
  args: { n: 24 },
};

const json = {
  name: 'JSON there and back, 200 records, 20 times',
  source: `
let text = JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, name: 'customer ' + id * 7919, tags: ['a', 'b'] })));
for (let i = 0; i < 20; i++) text = JSON.stringify(JSON.parse(text));
return text.length;`,
  args: {},
};

const sort = {
  name: 'sort 10,000 numbers, with a comparison',
  source: `
let seed = 1;
const numbers = Array.from({ length: 10_000 }, () => (seed = (seed * 48271) % 2147483647));
numbers.sort((a, b) => a - b);
return [numbers[0], numbers[9_999]];`,
  args: {},
};

const words = {
  name: 'regular expressions over 2,000 log lines',
  source: `
let slow = 0;
for (let i = 0; i < 2_000; i++) {
  const line = '2026-03-10T09:' + (10 + (i % 50)) + ':00Z GET /orders/' + i + ' 200 ' + ((i * 37) % 1000) + 'ms';
  const match = /^(\\S+) (GET|POST) (\\/\\S*) (\\d{3}) (\\d+)ms$/.exec(line);
  if (Number(match[5]) > 500) slow++;
}
return slow;`,
  args: {},
};

/** Computed by the host's own engine, so that a changed handler needs no new expected value. */
const expectedOf = ({ source, args }) => new Function('$args', source)(args);

export const heavy = [fib, json, sort, words].map((handler) => ({ ...handler, expected: expectedOf(handler) }));
