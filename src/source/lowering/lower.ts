import type { ForOfStatement, LabeledStatement, MethodDefinition, Node, Program } from 'acorn';
import { childrenOf, isAcornError, messageOf, parseScript } from '../parse-script.js';
import type { ScriptProblem } from '../script-problem.js';
import { SourceLines } from '../source-lines.js';
import { isUsing } from './disposing.js';
import { lowerForAwait } from './for-await.js';
import { FOR_AWAIT, USING } from './globals.js';
import { type LowerableFunction, lowerParameters, type Refusal, toldApart } from './parameters.js';
import { lowerBlock, lowerDeclaration, lowerFor, lowerForOf } from './using.js';
import { type Piece, type Target, Writer } from './writer.js';

export type Lowered =
  | { readonly kind: 'unchanged' }
  /** In the order of the text. */
  | { readonly kind: 'lowered'; readonly text: string; readonly pieces: readonly Piece[] }
  /** No rewriting is possible. */
  | { readonly kind: 'refused'; readonly problem: ScriptProblem }
  /** The script has a syntax error or is nested too deeply. */
  | { readonly kind: 'unreadable'; readonly problem: ScriptProblem };

const MAY_USE = /\busing\b/;

/** Whether a script that the engine cannot parse may use `using`, which the engine does not support. */
export function mayUse(script: string): boolean {
  return MAY_USE.test(script);
}

/** Rewrites a script to a form that the engine runs correctly. The added names occur nowhere in the script. */
export function lower(script: string): Lowered {
  let program: Program;
  try {
    program = parseScript(script);
  } catch (error) {
    return { kind: 'unreadable', problem: describe(error, script) };
  }
  const found = find(program, freshPrefix(script));
  if ('message' in found) return refused(found, script);
  if (found.length === 0) return { kind: 'unchanged' };
  const taken = [FOR_AWAIT, USING].find((name) => script.includes(name));
  if (taken !== undefined) {
    const message = `the name ${taken} is reserved where for await or using occur`;
    return refused({ node: (found[0] as Target).node, message }, script);
  }
  const writer = new Writer(script, found);
  writer.range(0, script.length);
  return { kind: 'lowered', text: writer.pieces.map(({ text }) => text).join(''), pieces: writer.pieces };
}

function find(program: Program, prefix: string): Target[] | Refusal {
  const targets: Target[] = [];
  const labels = new Map<Node, Node>();
  const kinds = new Map<Node, string>();
  const blocks = new Set<Node>();
  const waiting: { node: Node; parent: Node | undefined }[] = [{ node: program, parent: undefined }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, parent } = next;
    if (node.type === 'LabeledStatement') labels.set((node as LabeledStatement).body, labels.get(node) ?? node);
    if (node.type === 'MethodDefinition' || node.type === 'Property') {
      const { kind, value } = node as MethodDefinition;
      if (value !== null) kinds.set(value, kind);
    }
    if (node.type === 'ForOfStatement' && (node as ForOfStatement).await) {
      targets.push(lowerForAwait(node as ForOfStatement, labels.get(node) ?? node, prefix));
    }
    if (hasParameters(node) && toldApart(node)) {
      const lowered = lowerParameters(node, kinds.get(node), prefix);
      if ('message' in lowered) return lowered;
      targets.push(lowered);
    }
    if (isUsing(node)) {
      const home = parent as Node;
      if (home.type === 'ForOfStatement') {
        if (!(home as ForOfStatement).await) {
          targets.push(lowerForOf(home as ForOfStatement, labels.get(home) ?? home, prefix));
        }
      } else if (home.type === 'ForStatement') {
        targets.push(lowerFor(home as Parameters<typeof lowerFor>[0], labels.get(home) ?? home, prefix));
        targets.push(lowerDeclaration(node, prefix));
      } else if (home.type === 'BlockStatement' || home.type === 'StaticBlock') {
        if (!blocks.has(home)) targets.push(lowerBlock(home as Parameters<typeof lowerBlock>[0], prefix));
        blocks.add(home);
        targets.push(lowerDeclaration(node, prefix));
      } else {
        const message = `${node.kind} must stand in a block, in the body of a function or in the head of a loop`;
        return { node, message };
      }
    }
    for (const child of childrenOf(node)) waiting.push({ node: child, parent: node });
  }
  return targets;
}

function hasParameters(node: Node): node is LowerableFunction {
  return 'params' in node && (node as LowerableFunction).params.length > 0;
}

/** The prefix of the added names. */
function freshPrefix(script: string): string {
  for (let i = 0; ; i++) if (!script.includes(`$${i}_`)) return `$${i}_`;
}

function refused({ node, message }: Refusal, script: string): Lowered {
  return { kind: 'refused', problem: { kind: 'syntax', message, ...new SourceLines(script).engineAt(node.start) } };
}

function describe(error: unknown, script: string): ScriptProblem {
  if (!isAcornError(error)) return { kind: 'nesting', message: 'the source is nested too deeply' };
  return { kind: 'syntax', message: messageOf(error), ...new SourceLines(script).engineAt(error.pos) };
}
