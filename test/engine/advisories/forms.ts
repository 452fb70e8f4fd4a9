/** How a program is executed as a handler. */
export interface Form {
  readonly name: string;
  readonly source: (program: string) => string;
  /** From the third execution on, a handler starts from an image of its own. */
  readonly times: number;
}

export const FORMS: readonly Form[] = [
  { name: 'a function, cold and from its image', source: (program) => program, times: 4 },
  { name: 'an async function', source: (program) => `await null;\n${program}`, times: 1 },
  { name: 'in a job', source: (program) => `return Promise.resolve().then(() => {\n${program}\n})`, times: 1 },
  { name: 'in a generator', source: (program) => `return (function* () {\n${program}\n})().next().value`, times: 1 },
];
