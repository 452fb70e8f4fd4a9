import { NexusError } from '../../errors/nexus-error.js';
import { SourceLines } from '../../source/source-lines.js';
import { authorLocationAt } from '../../source/wrapper.js';
import type { ToolSet } from '../tools/tool-set.js';
import { readProgram } from './read-program.js';
import { findCalls } from './static-calls.js';

/** A call that a program can make, by its text. */
export interface PreviewedCall {
  /** The key of the tool, or the name that the program uses if there is no such tool. */
  readonly tool: string;
  /** What of the argument is literal. */
  readonly input: unknown;
  /** Places in the argument that are known only when it runs: `'input.title'`. */
  readonly computed: readonly string[];
  /** Whether it waits for an approval. `'depends'`: a function decides, or the option `approval`. */
  readonly needsApproval: boolean | 'depends';
  /** Line and column, from 1. */
  readonly location: { readonly line: number; readonly column: number };
}

/** A problem of a program that was not run. */
export interface PreviewProblem {
  readonly message: string;
  readonly location?: { readonly line: number; readonly column: number };
  readonly snippet?: string;
}

/** What a program wants, before it runs. */
export interface Preview {
  /** Without fences. */
  readonly code: string;
  readonly language: 'javascript' | 'typescript';
  /** In the order of the text. A call in a loop is one. */
  readonly calls: readonly PreviewedCall[];
  /** Keys of tools that it names without calling them there: it may call them. */
  readonly named: readonly string[];
  /** Whether it may call any tool: it computes a name, or passes `tools` on. */
  readonly mayCallAny: boolean;
  /** Calls of what there is not, with near names. */
  readonly unknown: readonly { readonly name: string; readonly near: readonly string[] }[];
  /** Why it does not compile, and faults of types if these were checked. */
  readonly problems: readonly PreviewProblem[];
}

/** @param hasApproval whether the option `approval` may decide otherwise than the tools */
export function previewProgram(code: string, tools: ToolSet, saved: readonly string[], hasApproval: boolean): Preview {
  try {
    const { source, filename, handler, inScript } = readProgram(code);
    const lines = new SourceLines(source);
    const { calls, named, mayCallAny } = findCalls(handler);
    const unknown = new Map<string, readonly string[]>();
    const isKnown = (path: string) =>
      tools.get(path) !== undefined || saved.includes(path) || path === '$search' || path === '$describe';
    for (const { path } of calls) if (!isKnown(path)) unknown.set(path, tools.near(path));
    return {
      code: source.trim(),
      language: filename.endsWith('.ts') ? 'typescript' : 'javascript',
      calls: calls
        .filter(({ path }) => !path.startsWith('$'))
        .map(({ path, node, input, computed }) => {
          const tool = tools.get(path);
          return {
            tool: tool?.key ?? path,
            input,
            computed,
            needsApproval: approvalOf(tool?.needsApproval, hasApproval),
            location: authorLocationAt(inScript(node.start), lines),
          };
        }),
      named: named.flatMap((path) => tools.get(path)?.key ?? []),
      mayCallAny,
      unknown: [...unknown].map(([name, near]) => ({ name, near })),
      problems: [],
    };
  } catch (error) {
    const problem =
      error instanceof NexusError ? problemOf(error) : { message: 'the program is nested too deeply to be read' };
    if (!(error instanceof NexusError || error instanceof RangeError)) throw error;
    return { code, language: 'javascript', calls: [], named: [], mayCallAny: true, unknown: [], problems: [problem] };
  }
}

function approvalOf(needed: unknown, hasApproval: boolean): boolean | 'depends' {
  if (typeof needed === 'function' || hasApproval) return 'depends';
  return needed === true;
}

function problemOf({ message, context }: NexusError): PreviewProblem {
  const { location, snippet } = context as { location?: PreviewProblem['location']; snippet?: string };
  return { message, ...(location && { location }), ...(snippet !== undefined && { snippet }) };
}
