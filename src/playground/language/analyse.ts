import { NexusError } from '../../errors/nexus-error.js';
import { explainCapabilities } from '../../index.js';
import type { HandlerLanguage } from '../../typescript/handler-language.js';
import { cut } from '../case/texts.js';
import type { AnalysisView, CodePlace, ProblemView } from '../contract.js';

/** A handler may name one capability in every line. */
const MAX_REASONS = 50;
const MAX_CAPABILITIES = 200;
const NOT_HERE = 'There is no such extension here: its calls are answered by hand, or by a module that --ext names';

/** What a handler needs, at which lines, and what is wrong with it. It is not executed. */
export function analyse(
  code: string,
  filename: string,
  language: HandlerLanguage | undefined,
  path: string,
): AnalysisView {
  const problems: ProblemView[] = [];
  let capabilities: AnalysisView['capabilities'] = [];
  try {
    capabilities = explainCapabilities(code, { filename })
      .slice(0, MAX_CAPABILITIES)
      .map(({ capability, reasons }) => ({
        capability: cut(capability, 300),
        reasons: reasons
          .slice(0, MAX_REASONS)
          .map(({ line, column, reason }) => ({ line, column, reason: cut(reason, 300) })),
      }));
  } catch (error) {
    if (!(error instanceof NexusError)) throw error;
    const { line, column } = (error.context['location'] as CodePlace | undefined) ?? { line: 1, column: 1 };
    problems.push({
      ...{ line, column, endLine: line, endColumn: column + 1 },
      severity: 'error',
      message: cut(error.message),
      source: 'nexus',
    });
  }
  // A fault of syntax is told once.
  if (problems.length === 0 && language !== undefined) problems.push(...typeProblems(language, path, code));
  return { capabilities, problems };
}

function typeProblems(language: HandlerLanguage, path: string, code: string): ProblemView[] {
  const starts = lineStarts(code);
  return language.problems(path, code).map(({ from, to, code: number, message, isError }) => {
    const begin = placeAt(starts, from);
    const end = placeAt(starts, Math.max(to, from + 1));
    const missing = /^Property '(\w+)' does not exist on type 'HandlerExtensions</.exec(message)?.[1];
    return {
      ...begin,
      ...{ endLine: end.line, endColumn: end.column },
      severity: isError && missing === undefined ? 'error' : 'warning',
      // Of a recording, the extensions may be elsewhere.
      message: cut(missing === undefined ? `${message} (TS${number})` : `${NOT_HERE}: $ext.${missing}.`),
      source: 'typescript',
    };
  });
}

function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ index, 0: end }) => index + end.length)];
}

function placeAt(starts: readonly number[], offset: number) {
  let line = 0;
  for (let low = 0, high = starts.length - 1; low <= high; ) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) {
      line = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
}
