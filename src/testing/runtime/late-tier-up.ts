import { setFlagsFromString } from 'node:v8';

/**
 * By version of V8: its `--wasm-tiering-budget`, so that it can be put back. Others are left alone: what their default is, and whether
 * it has the same unit, V8 does not tell.
 */
const DEFAULT_BUDGETS: Readonly<Record<string, number>> = { '11.3': 1_800_000 };
/** Some ten thousand calls of functions in handlers, where V8 takes one handler: as much as the flag can hold. */
const FACTOR = 1_000;

/**
 * Compiles WebAssembly so that V8 optimises its functions later than it would.
 *
 * The engine's interpreter is one function of 40 KB. V8 takes it for hot when it has run a single handler, and optimises it in the
 * background for some 90 ms: more than most test processes take for everything. A process cannot end before, and does not get the
 * time back. One that goes on, with hundreds of tests, gets its optimised engine a little later.
 */
export async function withLateTierUp<T>(compile: () => Promise<T>): Promise<T> {
  const budget = DEFAULT_BUDGETS[process.versions.v8.split('.', 2).join('.')];
  if (budget === undefined || isSetByUser()) return compile();
  setFlagsFromString(`--wasm-tiering-budget=${budget * FACTOR}`);
  try {
    return await compile();
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${budget}`);
  }
}

function isSetByUser(): boolean {
  return [...process.execArgv, process.env['NODE_OPTIONS']].some((option) => option?.includes('tiering-budget'));
}
