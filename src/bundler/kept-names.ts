import { waitATurn } from '../support/bytes/byte-slices.js';

/** `__name(parse, "parse");`, behind a declaration. */
const DECLARED = /^\s*__name\(([\w$]+), "([\w$]+)"\);$/;
/** `parse = /* @__PURE__ *\/ __name((text) => …` */
const CALL = '/* @__PURE__ */ __name(';
const ASSIGNED = /(?:^|[^.\w$])([\w$]+) = $/;
/** A function with a name of its own. */
const OWN = /^(?:async )?function\*? ([\w$]+)\(/;
/** Some 5 ms of work. */
const LINES_A_TURN = 5_000;
/** Longer lines are minified code, in which nothing is found. */
const MAX_LINE = 2_000;
/** `}, "parse")`, the end of one with several lines. */
const ENDED = /^(\s*)\}(, "([\w$]+)"\))(?=[;,]?$)/;

interface Open {
  readonly line: number;
  readonly indent: string;
  readonly name: string;
  readonly start: number;
  readonly length: number;
}

/**
 * Takes off the calls by which esbuild keeps the names of functions, where the name is the same without. They would be made whenever a
 * function is created, and cost up to a third of the time of a library. What is taken off becomes spaces: no place moves.
 *
 * What remains are those of functions and classes that got another name, because two modules use the same.
 */
export async function withoutNeedlessNames(script: string): Promise<string> {
  const lines = script.split('\n');
  const open: Open[] = [];
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_TURN === LINES_A_TURN - 1) await waitATurn();
    if (line.length > MAX_LINE) continue;
    const [, declared, name] = line.includes('__name(') ? (DECLARED.exec(line) ?? []) : [];
    if (name !== undefined) {
      if (declared === name) lines[index] = ' '.repeat(line.length);
      continue;
    }
    endOpen(lines, line, index, open);
    const start = line.indexOf(CALL);
    const own = start < 0 ? undefined : OWN.exec(line.slice(start + CALL.length))?.[1];
    const assigned = start < 0 ? undefined : (own ?? ASSIGNED.exec(line.slice(0, start))?.[1]);
    if (assigned === undefined) continue;
    const end = `, "${assigned}")`;
    const closed = [`${end};`, `${end},`, end].find((each) => line.endsWith(each));
    if (closed === undefined) {
      open.push({ line: index, indent: /^\s*/.exec(line)?.[0] ?? '', name: assigned, start, length: CALL.length });
    } else {
      lines[index] = blanked(blanked(line, line.length - closed.length, end.length), start, CALL.length);
    }
  }
  return lines.join('\n');
}

function endOpen(lines: string[], line: string, index: number, open: Open[]): void {
  const [, indent, end, name] = ENDED.exec(line) ?? [];
  if (indent === undefined || end === undefined) return;
  for (let last = open.at(-1); last !== undefined && last.indent.length >= indent.length; last = open.at(-1)) {
    open.pop();
    if (last.indent !== indent || last.name !== name) continue;
    lines[index] = blanked(line, indent.length + 1, end.length);
    lines[last.line] = blanked(lines[last.line] ?? '', last.start, last.length);
    return;
  }
}

function blanked(line: string, start: number, length: number): string {
  return line.slice(0, start) + ' '.repeat(length) + line.slice(start + length);
}
