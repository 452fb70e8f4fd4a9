import type { JsonSchema } from '../api/schema.js';

/** Something whose functions become tools: a wrapped server, or an HTTP interface. */
export interface Source {
  readonly name: string;
  readonly tools: readonly SourceTool[];
  /** For the operator: what was left out or changed, and why. */
  readonly notes: readonly string[];
  call(tool: string, input: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

export interface SourceTool {
  /** As the source knows it. */
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  /** Whether the source says that it changes nothing. */
  readonly isReadOnly: boolean;
}

/** What a source may have. It may be anybody's. */
export const BOUNDS = {
  tools: 2_000,
  description: 1_000,
  /** Of an answer, as JSON. */
  answerCharacters: 4 * 1024 * 1024,
  errorCharacters: 2_000,
} as const;

/** A text of a source, on one line or several, without what moves a terminal. */
export function boundedText(text: unknown, most: number): string {
  if (typeof text !== 'string') return '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it finds control characters
  const clean = text.slice(0, most + 1).replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ');
  return clean.length > most ? `${clean.slice(0, most)}…` : clean;
}

/** @throws Error that says how large an answer is */
export function requireBounded(value: unknown, where: string): unknown {
  const { length } = JSON.stringify(value) ?? '';
  if (length <= BOUNDS.answerCharacters) return value;
  throw new RangeError(
    `${where} answered with ${length} characters, and at most ${BOUNDS.answerCharacters} are taken: ask for less`,
  );
}
