import type { Case } from './case.js';

const PAGE = 'docs/handlers.md says what a handler sees';
const missing = (name: string, hint: string) => ({
  code: 'EXECUTION_ERROR',
  message: `ReferenceError: '${name}' is not defined; ${hint}`,
  line: 2,
  with: { name: 'ReferenceError' },
});

/** What handlers look for and do not have. */
export const MISSING: readonly Case[] = [
  {
    name: 'a timer',
    source: '\nsetImmediate(() => 1)',
    error: missing('setImmediate', `a handler has setTimeout, setInterval and $sleep; ${PAGE}`),
  },
  {
    name: 'the network',
    source: "\nawait axios.get('https://a.b')",
    error: missing(
      'axios',
      `a handler has fetch, where the runtime has the option network, and calls of the application, $ext.<name>.<method>(…); ${PAGE}`,
    ),
  },
  {
    name: 'Node',
    source: '\nreturn process.env.HOME',
    error: missing('process', `a handler has nothing of Node, unless the runtime has the option node: true; ${PAGE}`),
  },
  {
    name: 'a module by require',
    source: "\nconst _ = require('lodash')",
    error: missing(
      'require',
      `a handler has no require: a module imports what the option modules of the runtime allows, and libraries are $lib.<name>; with the option node of the runtime there is a require of libraries; ${PAGE}`,
    ),
  },
  { name: 'args without its sign', source: '\nreturn args.id', error: missing('args', 'did you mean $args?') },
  { name: 'a mistyped global', source: '\n$stat.x = 1', error: missing('$stat', 'did you mean $state?') },
  {
    name: 'a variable of the handler that is not declared',
    source: '\nreturn total',
    error: { message: "ReferenceError: 'total' is not defined", line: 2 },
  },
  {
    name: 'a library that there is not',
    source: '\nreturn $lib.lodash.map([])',
    error: {
      message:
        "TypeError: cannot read properties of undefined (reading 'map'), of $lib.lodash.map; there is no library lodash: the runtime has none",
      line: 2,
    },
  },
  {
    name: 'a method of an extension that there is not',
    source: '\nawait $ext.github.createIssue()',
    context: { extensionRegistry: { github: ['listIssues', 'getIssue'], w: ['w'] }, capabilities: ['ext:w.w'] },
    error: {
      message: 'TypeError: There is no extension method $ext.github.createIssue; github has: listIssues, getIssue',
      line: 2,
    },
  },
  {
    name: 'an extension that there is not',
    source: '\nawait $ext.gitlab.getIssue()',
    context: { extensionRegistry: { github: ['getIssue'], w: ['w'] }, capabilities: ['ext:w.w'] },
    error: {
      message: 'TypeError: There is no extension method $ext.gitlab.getIssue; the extensions are: github, w',
      line: 2,
    },
  },
];

/** What console writes. */
export const CONSOLE: readonly Case[] = [
  {
    name: 'console formats as on Node',
    source: "console.log('%s is %d', 'x', 5, new Map([[1, 2]]), new Set([3]), /r/g, 7n, { big: 8n })",
    log: ['x is 5 Map(1) { 1 => 2 } Set(1) { 3 } /r/g 7n { big: 8n }'],
  },
  {
    name: 'console has all its methods',
    source:
      "console.table([{ a: 1 }]); console.time('t'); console.timeEnd('t'); console.dir({}); console.group('g'); console.groupEnd(); return 1",
    value: 1,
  },
];
