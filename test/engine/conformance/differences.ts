import { js, type Program } from './program.js';

/** A program whose two outcomes differ, and what they are. */
export interface Difference extends Program {
  readonly bytecode: string;
  readonly unmodified: string;
}

/** Everything known to differ. An entry that no longer differs fails its test and has to go. */
export const DIFFERENCES: readonly Difference[] = [
  {
    title: 'template objects come out of bytecode sealed and with a writable length, not frozen',
    body: js`
      const strings = ((s) => s)\`a\${1}b\`;
      const writable = (o) => Object.getOwnPropertyDescriptor(o, 'length').writable;
      return [Object.isSealed(strings), Object.isFrozen(strings), writable(strings), writable(strings.raw)].join();
    `,
    bytecode: 'value "true,false,true,true"',
    unmodified: 'value "true,true,false,false"',
  },
  {
    title: 'an execution VM cannot evaluate text',
    body: js`return eval('1 + 1');`,
    bytecode: 'exception TypeError "TypeError: eval is not supported"{}',
    unmodified: 'value 2',
  },
  {
    title: 'an execution VM cannot make functions of text',
    body: js`
      return [Function, (async () => {}).constructor].map((F) =>
        { try { return typeof F('return 1'); } catch (e) { return e.message; } }).join();
    `,
    bytecode: 'value "eval is not supported,eval is not supported"',
    unmodified: 'value "function,function"',
  },
  {
    title: 'functions do not know their text',
    body: js`const f = (a) => a + 1; return f.toString();`,
    bytecode: 'value "function f() {\\u000a    [native code]\\u000a}"',
    unmodified: 'value "(a) => a + 1"',
  },
  {
    title: 'the place of a call behind return is that of the call',
    body: js`
      const place = (e) => /program.js:\d+:(\d+)/.exec(e.stack)[1];
      function outer() { return null.a.b(); }
      function chain() { return [1].map((x) => x).missing(); }
      return [outer, chain].map((f) => { try { f(); } catch (e) { return place(e); } }).join();
    `,
    bytecode: 'value "37,58"',
    unmodified: 'value "37,26"',
  },
];

/** Globals that the unmodified engine has and an execution VM has not: quickjs-emscripten has no switch for them. */
export const MISSING_GLOBALS = ['FinalizationRegistry', 'WeakRef'];
