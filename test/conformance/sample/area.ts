import type { Program } from '../../engine/conformance/program.js';

export interface SampleProgram extends Program {
  /** An expression that is true where the feature is there; an engine without it is not asked. */
  readonly needs?: string;
}

/** A part of the language, and programs for it. */
export interface Area {
  readonly area: string;
  readonly programs: readonly SampleProgram[];
}

/** Every combination of one item of each list. */
export function combine<A, B = undefined, C = undefined>(
  as: Readonly<Record<string, A>>,
  bs: Readonly<Record<string, B>> = { '': undefined as B },
  cs: Readonly<Record<string, C>> = { '': undefined as C },
): [title: string, a: A, b: B, c: C][] {
  return Object.entries(as).flatMap(([aName, a]) =>
    Object.entries(bs).flatMap(([bName, b]) =>
      Object.entries(cs).map(([cName, c]): [string, A, B, C] => [
        [aName, bName, cName].filter((name) => name !== '').join(', '),
        a,
        b,
        c,
      ]),
    ),
  );
}

/** Calls each function and records its result, or the name of the error that it throws. */
export const EACH = `const each = (...fs) => fs.map((f) => { try { return f(); } catch (e) { return 'threw ' + (e && e.name); } });\n`;
