/** The one tool that a model is given in place of all others. Its shape is what frameworks have in common. */
export interface ProgramTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of `{ code: string }`. */
  readonly inputSchema: {
    readonly type: 'object';
    readonly properties: { readonly code: { readonly type: 'string'; readonly description: string } };
    readonly required: readonly ['code'];
    readonly additionalProperties: false;
  };
  /** Runs the program. @returns what the model is told */
  execute(input: { readonly code: string }, options?: { readonly signal?: AbortSignal | undefined }): Promise<string>;
}

/** @param run runs a program and gives the text of its outcome */
export function programTool(
  instructions: string,
  run: (code: unknown, signal: AbortSignal | undefined) => Promise<string>,
): ProgramTool {
  return {
    name: 'run_program',
    description: `Runs a program that calls tools.\n\n${instructions}`,
    inputSchema: {
      type: 'object',
      properties: { code: { type: 'string', description: 'The program: JavaScript or TypeScript, without Markdown.' } },
      required: ['code'],
      additionalProperties: false,
    },
    execute: (input, options = {}) => run((input as { code?: unknown } | undefined)?.code, options.signal),
  };
}
