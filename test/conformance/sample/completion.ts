import { type Area, combine } from './area.js';

const TRIES: Record<string, string> = {
  'try returns': 'return note("try");',
  'try throws': 'throw new RangeError("try");',
  'try breaks': 'note("try"); break outer;',
  'try continues': 'note("try"); continue outer;',
  'try falls through': 'note("try");',
};
const CATCHES: Record<string, string> = {
  'no catch': '',
  'catch returns': 'catch (e) { return note("catch " + e.name); }',
  'catch throws': 'catch (e) { throw new TypeError("catch", { cause: e }); }',
  'catch falls through': 'catch { note("catch"); }',
};
const FINALLIES: Record<string, string> = {
  'finally falls through': 'finally { note("finally"); }',
  'finally returns': 'finally { return note("finally"); }',
  'finally throws': 'finally { throw new EvalError("finally"); }',
  'finally breaks': 'finally { note("finally"); break outer; }',
  'finally continues': 'finally { note("finally"); continue outer; }',
  'finally tries again': 'finally { try { throw 1; } catch (n) { note("inner " + n); } }',
};

const LOG = 'const log = []; const note = (v) => { log.push(v); return v; };';
const around = (kind: string, call: string) => (statement: string) =>
  `${LOG} ${kind} run() { outer: for (const round of [1, 2]) { note("round " + round); ${statement} note("after"); } return note("end"); }
   let result; try { result = ${call}; } catch (e) { result = [e.name, e.cause && e.cause.name]; } return [result, log];`;

const KINDS: Record<string, (statement: string) => string> = {
  'in a function': around('function', 'run()'),
  'in an async function': (statement) =>
    around('async function', 'await run()')(statement.replaceAll('note("finally");', 'await note("finally");')),
  'in a generator': (statement) =>
    around('function*', '[...run()]')(statement.replaceAll('note("try");', 'yield note("try");')),
};

export const completion: Area = {
  area: 'what try, catch and finally complete with',
  programs: combine(TRIES, CATCHES, FINALLIES).flatMap(([title, tried, caught, last]) =>
    Object.entries(KINDS).map(([kind, wrap]) => ({
      title: `${title}, ${kind}`,
      body: wrap(`try { ${tried} } ${caught} ${last}`),
    })),
  ),
};
