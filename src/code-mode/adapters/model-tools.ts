import { invalidArgument } from '../../config/check.js';
import type { ProgramTool } from '../program-tool.js';

/** What has the tool for a model: a code mode, or a session of one. */
export interface ToolSource {
  readonly tool: ProgramTool;
}

/** The input of a call. A model may send anything; if `code` is not a string, the tool's answer says so. */
export interface ProgramInput {
  readonly code: string;
}

/** Arguments as a text, as a model wrote it. What is no JSON is taken for a program that was sent as it is. */
export function parseArguments(text: unknown): ProgramInput {
  if (typeof text !== 'string') return text as ProgramInput;
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'string' ? { code: parsed } : (parsed as ProgramInput);
  } catch {
    return { code: text };
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function toolOf(source: ToolSource): ProgramTool {
  const tool = (source as ToolSource | undefined)?.tool;
  if (typeof tool?.execute === 'function') return tool;
  throw invalidArgument('codeMode', source, 'what createCodeMode returned, or a session of it');
}
