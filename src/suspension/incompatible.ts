import { type ErrorContext, NexusError } from '../errors/nexus-error.js';

/** The check that failed. */
export type IncompatibleProblem =
  /** Shorter or longer than its header says, or than any valid data. */
  | 'truncated'
  | 'magic'
  | 'version'
  /** Sealed with an unknown secret. */
  | 'key'
  /** Damaged, edited, or belonging to another suspension. */
  | 'seal'
  /** The seal is valid, but the content is not. */
  | 'content'
  /** The file was not written by this library: a link, another user's, or open to others. */
  | 'file'
  /** The base image on which it waits is not there, or cannot be used. */
  | 'image';

/** The error for data that is refused. The data is kept. */
export function incompatible(problem: IncompatibleProblem, message: string, context: ErrorContext = {}): NexusError {
  return new NexusError('SUSPENSION_INCOMPATIBLE', message, { context: { ...context, problem } });
}
