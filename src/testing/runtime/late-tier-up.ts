import { setFlagsFromString } from 'node:v8';

/**
 * The default `--wasm-tiering-budget` by version of V8, so that it can be restored. Other versions are not
 * changed, because V8 does not tell its default or unit.
 */
const DEFAULT_BUDGETS: Readonly<Record<string, number>> = { '11.3': 1_800_000 };
/** The factor on the number of calls before V8 optimises: as much as the flag can hold. */
const FACTOR = 1_000;

/**
 * Compiles WebAssembly so that V8 optimises its functions later than by default.
 *
 * The engine's interpreter is one function of 40 KB. V8 considers it hot after a single handler and optimises
 * it in the background for some 90 ms, longer than most test processes run. The process cannot exit before
 * this ends. A process with hundreds of tests only gets its optimised engine a little later.
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
