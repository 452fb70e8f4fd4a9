import type { Case } from './case.js';

/** Where an error is said to be, what it says of itself, and what the operator is told apart from the author. */
export const WHERE: readonly Case[] = [
  {
    name: 'an error of a class of the handler is where it is made',
    source:
      "class Invalid extends Error {\n  constructor(m) { super(m); this.name = 'Invalid'; this.code = 'E1'; }\n}\nthrow new Invalid('no');",
    error: {
      code: 'EXECUTION_ERROR',
      message: 'Invalid: no',
      line: 4,
      column: 18,
      with: { name: 'Invalid', fields: { code: 'E1' } },
    },
  },
  {
    name: 'so is one of a class without a constructor, of a class with one',
    source: "class A extends Error {\n constructor(m) { super(m) }\n}\nclass B extends A {}\nthrow new B('b')",
    error: { message: 'Error: b', line: 5 },
  },
  {
    name: 'a thrown text has a place',
    source: "const f = () => {\n  throw 'text';\n};\nf();",
    error: { message: 'The handler threw "text"', line: 2, column: 3, with: { context: { thrown: 'text' } } },
  },
  {
    name: 'a thrown object has a place, and what throws it again has another',
    source: 'try {\n  throw { a: 1 };\n} catch (e) {\n  throw e;\n}',
    error: {
      message: 'The handler threw an object that is not an Error',
      line: 4,
      with: { context: { thrown: { a: 1 } } },
    },
  },
  {
    name: 'a function that is assigned to a member has its name in the stack',
    source: "const o = { p: {} };\no.p.run = () => {\n  throw new Error('q');\n};\no.p.run()",
    error: {
      message: 'Error: q',
      line: 3,
      with: { stack: startingWith('Error: q\n    at o.p.run (handler.js:3:18)') },
    },
  },
  {
    name: 'an error of a global of the web is where the handler called it',
    source: "\nnew URL('no url')",
    error: { message: 'TypeError: Invalid URL: no url', line: 2, with: { fields: { code: 'ERR_INVALID_URL' } } },
  },
  {
    name: 'a stack that is returned has no frames of ours',
    source: "const e = await (async () => new Error('x'))();\nreturn e.stack.includes('nexus:')",
    value: false,
  },
  {
    name: 'a stack that is returned begins with name and message, denied ones too',
    source: "try { $emit('x') } catch (e) { return e.stack.split('\\n')[0] }",
    value: 'PERMISSION_DENIED: The handler has no capability "events:emit:x"',
  },
  {
    name: 'captureStackTrace leaves out the frames up to a function',
    source: 'const e = {};\nfunction f() { Error.captureStackTrace(e, f) }\nf();\nreturn e.stack.includes("at f ")',
    value: false,
  },
  {
    name: 'cause and fields come out',
    source:
      "throw Object.assign(new TypeError('wrapped', { cause: new Error('inner') }), { code: 'E', details: { a: 1 } })",
    error: {
      message: 'TypeError: wrapped',
      line: 1,
      with: {
        name: 'TypeError',
        fields: { code: 'E', details: { a: 1 } },
        cause: { name: 'Error', message: 'inner', location: { line: 1 } },
      },
    },
  },
  {
    name: 'causes inside of causes come out, and one that is no error',
    source: "\nthrow new Error('a', { cause: new Error('b', { cause: new Map([[1, 2]]) }) })",
    error: {
      message: 'Error: a',
      line: 2,
      with: {
        cause: { message: 'b', cause: { message: 'an object that is not an Error', thrown: new Map([[1, 2]]) } },
      },
    },
  },
  {
    name: 'a cause that goes round does not run for ever',
    source: "const a = new Error('a');\na.cause = a;\nthrow a",
    error: { message: 'Error: a', line: 1, with: { cause: { message: 'a', cause: { message: 'a' } } } },
  },
  {
    name: 'the errors of an AggregateError come out',
    source: "\nthrow new AggregateError([new RangeError('r'), 5], 'many')",
    error: {
      message: 'AggregateError: many',
      line: 2,
      with: {
        name: 'AggregateError',
        errors: [
          { name: 'RangeError', message: 'r' },
          { message: '5', thrown: 5 },
        ],
      },
    },
  },
  {
    name: 'what cannot leave of an error is named',
    source: "\nthrow Object.assign(new Error('x'), { f() {}, n: 1, big: 'x'.repeat(20_000) })",
    error: { message: 'Error: x', line: 2, with: { fields: { n: 1 }, dropped: ['f', 'big'] } },
  },
  {
    name: 'a field that is a Map stays one',
    source: "\nthrow Object.assign(new Error('x'), { m: new Map([['a', 1]]), d: new Date(0) })",
    error: { message: 'Error: x', line: 2, with: { fields: { m: new Map([['a', 1]]), d: new Date(0) } } },
  },
  {
    name: 'a rejection that nobody handles says all of its error',
    source: "\nPromise.reject(Object.assign(new Error('late'), { code: 'L' }));\nreturn 1",
    error: {
      message: 'A promise was rejected and not handled: Error: late',
      line: 2,
      with: { name: 'Error', fields: { code: 'L' }, context: { unhandledRejections: 1 } },
    },
  },
  {
    name: 'a denied capability is told to the author, and the operator what to do',
    source: "\n$emit('paid')",
    error: {
      code: 'PERMISSION_DENIED',
      message: 'The handler has no capability "events:emit:paid"',
      line: 2,
      with: { context: { remedy: 'grant the handler the capability "events:emit:paid"' } },
    },
  },
  {
    name: 'so is a limit',
    source: "\nfor (;;) $log('x')",
    error: {
      code: 'RESOURCE_LIMIT',
      message: 'The handler passed maxHostCalls (10000)',
      line: 2,
      with: { context: { limit: 'maxHostCalls', value: 10_000, remedy: 'raise maxHostCalls to allow more' } },
    },
  },
];

function startingWith(start: string): unknown {
  return { asymmetricMatch: (stack: unknown) => typeof stack === 'string' && stack.startsWith(start) };
}
