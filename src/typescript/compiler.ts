import type ts from 'typescript';

import { NexusError } from '../errors/nexus-error.js';

export type Compiler = typeof ts;

/** The compiler of before TypeScript 7, under a name of its own, so that both can be installed. */
const EARLIER = '@typescript/typescript6';

/**
 * @param what needs it
 * @throws NexusError INVALID_CONFIG if no TypeScript with a programming interface is installed
 */
export async function loadCompiler(what: string): Promise<Compiler> {
  const installed = await load(() => import('typescript'));
  if (hasInterface(installed)) return installed as Compiler;
  const earlier = await load(() => import(EARLIER));
  if (hasInterface(earlier)) return earlier as Compiler;
  throw new NexusError('INVALID_CONFIG', refusal(what, installed), { context: { typescript: installed?.version } });
}

/** Undefined when it is not installed. */
async function load(start: () => Promise<unknown>): Promise<Partial<Compiler> | undefined> {
  try {
    const module = (await start()) as Partial<Compiler> & { readonly default?: Partial<Compiler> };
    return module.default ?? module;
  } catch {
    return undefined;
  }
}

/** From TypeScript 7 on, the package has a command and no functions for programs. */
function hasInterface(compiler: Partial<Compiler> | undefined): boolean {
  return typeof compiler?.createProgram === 'function';
}

function refusal(what: string, installed: Partial<Compiler> | undefined): string {
  if (installed === undefined) return `${what} needs the package typescript; install it beside nexus-runtime.`;
  return (
    `${what} needs functions that TypeScript ${installed.version ?? 7} no longer has. ` +
    `Install the compiler of before beside it, which is found by itself: npm install --save-dev ${EARLIER}`
  );
}
