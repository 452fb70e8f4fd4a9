import type { Fault } from '../errors/codes.js';
import { NexusError } from '../errors/nexus-error.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { printable, type Terminal } from './terminal.js';

/**
 * Prints why a command failed: one line that says what and how to mend it. The stack is for `--debug`.
 *
 * @returns the exit code
 */
export function reportFailure(error: unknown, terminal: Terminal, isDebug: boolean): number {
  const described = describeFailure(error);
  terminal.json({ error: described });
  terminal.note(`${terminal.noteStyle('red', 'error')} ${oneLine(described.message)}`);
  if (described.snippet !== undefined) terminal.note(printable(described.snippet));
  if (isDebug) terminal.note(error instanceof Error ? String(error.stack) : String(error));
  return error instanceof NexusError && error.code === 'CANCELLED' ? EXIT.interrupted : exitCodeOf(described.fault);
}

interface DescribedFailure {
  readonly code: string;
  readonly fault: Fault;
  readonly message: string;
  readonly location?: unknown;
  readonly snippet?: string;
}

function describeFailure(error: unknown): DescribedFailure {
  if (error instanceof NexusError) {
    const { location, snippet } = error.context;
    return {
      code: error.code,
      fault: error.fault,
      message: error.message,
      ...(location !== undefined && { location }),
      ...(typeof snippet === 'string' && { snippet }),
    };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return { code: typeof code === 'string' ? code : 'INTERNAL_ERROR', fault: 'host', message: message ?? String(error) };
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, ' '));
}
