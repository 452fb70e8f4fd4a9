import { js, type Program } from './program.js';

/** A program with two different outcomes, and the outcomes. */
export interface Difference extends Program {
  readonly bytecode: string;
  readonly evaluated: string;
}

/** Everything known to differ. An entry that no longer differs fails its test and has to go. */
export const DIFFERENCES: readonly Difference[] = [
  {
    title: 'an execution VM cannot evaluate text',
    body: js`return eval('1 + 1');`,
    bytecode: 'exception TypeError "TypeError: eval is not supported"{}',
    evaluated: 'value 2',
  },
  {
    title: 'an execution VM cannot make functions of text',
    body: js`
      return [Function, (async () => {}).constructor].map((F) =>
        { try { return typeof F('return 1'); } catch (e) { return e.message; } }).join();
    `,
    bytecode: 'value "eval is not supported,eval is not supported"',
    evaluated: 'value "function,function"',
  },
  {
    title: 'functions do not know their text',
    body: js`const f = (a) => a + 1; return f.toString();`,
    bytecode: 'value "function f() {\\u000a    [native code]\\u000a}"',
    evaluated: 'value "(a) => a + 1"',
  },
];

/** Globals that the engine has with all intrinsics but an execution VM does not: quickjs-emscripten has no switch for them. */
export const MISSING_GLOBALS = ['FinalizationRegistry', 'WeakRef'];
