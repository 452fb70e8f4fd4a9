/** Results of programs that differ from those of V8, with the reasons, by title. */
export const DIFFERENCES: Readonly<Record<string, readonly [outcome: string, why: string]>> = {
  "class E extends Error{constructor(m){super(m);this.name='E'}}return new E('x').stack.split(\"\\n\")[0]": [
    '= "Error: x"',
    'The head of a stack is made with the error. Node makes it when the stack is first read; V8 without Node does as we do.',
  ],
  "const e=new Error('x');e.message='y';return e.stack.split(\"\\n\")[0]": [
    '= "Error: x"',
    'The head of a stack is made with the error.',
  ],
};

/** In TypeScript they do not compile: the type stripper does not support `using` in the head of a `for (;;)`. */
export const NOT_IN_TYPESCRIPT = /for\(using x=/;
