/** A handler, and the arguments of each of its executions. Some end with an error. */
export interface CoveredProgram {
  readonly name: string;
  readonly source: string;
  readonly runs: readonly unknown[];
}

export const PROGRAMS: readonly CoveredProgram[] = [
  {
    name: 'if without else',
    runs: [1],
    source: `let total = 0;
if ($args > 5) {
  total += 10;
  total *= 2;
}
// a comment

return total;
`,
  },
  {
    name: 'if with else and a chain',
    runs: [2, 3],
    source: `if ($args === 1) {
  return 'one';
} else if ($args === 2) {
  return 'two';
} else if ($args === 9) {
  const nine = 'nine';
  return nine;
} else {
  const other = 'other';
  return other;
}
`,
  },
  {
    name: 'statements without blocks',
    runs: [{ a: 0, list: [] }],
    source: `const { a, list } = $args;
if (a)
  return 1;
else
  list.push(2);
for (const item of list)
  list.length < 3 &&
    list.push(item);
while (a)
  a.b();
return list
`,
  },
  {
    name: 'functions that are called and not',
    runs: [1, 2],
    source: `function called(x) {
  return x + 1;
}
function never(x) {
  const y = x * 2;

  return y;
}
const arrow = (x) => {
  return x;
};
const expression = (x) =>
  x +
  1;
class Shape {
  size = 3;
  area() {
    return this.size ** 2;
  }
  get perimeter() {
    const four = 4;
    return this.size * four;
  }
  static make() {
    return new Shape();
  }
}
const object = {
  used() {
    return 1;
  },
  unused: function () {
    return 2;
  },
  async waiting() {
    await null;
    return 3;
  },
};
return [called($args), arrow(1), new Shape().area(), object.used()];
`,
  },
  {
    name: 'after a return, a throw, a break and a continue',
    runs: [[1, 2, 3]],
    source: `const found = [];
for (const item of $args) {
  if (item === 2) {
    continue;
  }
  found.push(item);
  if (item === 3) {
    break;
    found.push('never');
  }
}
outer: for (const a of found) {
  for (const b of found) {
    if (a !== b) break outer;
  }
  found.push('not reached');
}
return found;
found.push('neither');
throw new Error('nor that');
`,
  },
  {
    name: 'switch',
    runs: ['b', 'c'],
    source: `let text = '';
switch ($args) {
  case 'a':
    text += 'a';
    break;
  case 'b': {
    text += 'b';
  }
  case 'c':
    text += 'c';
    break;
  default:
    text += 'default';
}
return text;
`,
  },
  {
    name: 'try, catch and finally',
    runs: [false, true],
    source: `const log = [];
try {
  if ($args) {
    throw new TypeError('given');
  }
  log.push('went well');
} catch (error) {
  log.push(error.message);
} finally {
  log.push('finally');
}
try {
  log.push('no error');
} catch {
  log.push('never');
  log.push('at all');
}
return log;
`,
  },
  {
    name: 'an error that ends it',
    runs: [null],
    source: `const before = 1;
const lines = [before];
lines.push($args.items.length);
lines.push(2);

if (lines.length > 1) {
  lines.push(3);
}
return lines;
`,
  },
  {
    name: 'an error in a branch that ends it',
    runs: [null],
    source: `const lines = [1];
if (lines.length === 1) {
  lines.push($args.items);
  lines.push(2);
}
lines.push(3);
return lines;
`,
  },
  {
    name: 'conditional and logical operands',
    runs: [1],
    source: `const value = $args > 5
  ? {
      large: true,
      value: $args,
    }
  : {
      small: true,
      value: $args,
    };
const name = value.name ?? {
  first: 'Ada',
  last: 'L',
};
const both = value.large && [
  1,
  2,
];
const nested = $args === 1 ? ($args === 2 ? 'a' : 'b') : ('c');
return [value, name, both || (value), nested];
`,
  },
  {
    name: 'awaits',
    runs: [1],
    source: `const one = await Promise.resolve(1);
const list = await Promise.all([1, 2].map(async (item) => {
  await null;
  return item * one;
}));
const failing = async () => {
  await Promise.reject(new Error('no'));
  list.push('never');
  return 1;
};
await failing().catch(() => {
  list.push('caught');
});
await failing();
list.push('not reached');
return list;
`,
  },
  {
    name: 'directives, labels, generators and loops of every kind',
    runs: [3],
    source: `'use strict';
function* numbers() {
  yield 1;
  yield 2;
  yield 3;
}
function strict() {
  'use strict';
  return this;
}
let sum = 0;
for (const n of numbers()) {
  if (n > 1) break;
  sum += n;
}
for (let i = 0; i < 0; i++) {
  sum += 100;
}
do {
  sum++;
} while (sum < $args)
for (const key in {}) {
  sum += key;
}
while (false) sum = 0;
{
  sum += strict() === undefined ? 1 : 0;
}
return sum
`,
  },
  {
    name: 'text in several lines, expressions of regular expressions and division',
    runs: [{ n: 4 }],
    source: `const half = $args.n / 2 / 1;
const text = \`a \${$args.n > 9 ? \`nine
  \${half}
\` : 'small'} b\`;
const match = /[/}]\\/x/.test(text) ? 1 : 2;
const cb = ({ a = 1, b = () => {
  return 2;
} } = {}) => a + b();
const options = { ...($args.more || {
  deep: true,
}) };
return [half, match, cb(), options];
`,
  },
];
