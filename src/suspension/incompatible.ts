import { type ErrorContext, NexusError } from '../errors/nexus-error.js';

/** Which check failed. */
export type IncompatibleProblem =
  /** Shorter or longer than what it says about itself, or than anything of its kind. */
  | 'truncated'
  | 'magic'
  | 'version'
  /** Sealed with a secret that is not among ours. */
  | 'key'
  /** Damaged, edited, or another suspension's. */
  | 'seal'
  /** Whole and ours, and yet not what it should be. */
  | 'content'
  /** The file is no file of ours: a link, another user's, open to others. */
  | 'file';

/** The error for data that will not be used. The data stays where it is. */
export function incompatible(problem: IncompatibleProblem, message: string, context: ErrorContext = {}): NexusError {
  return new NexusError('SUSPENSION_INCOMPATIBLE', message, { context: { ...context, problem } });
}
