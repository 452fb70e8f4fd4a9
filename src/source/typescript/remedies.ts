import { SourceLines, type SourceLocation } from '../source-lines.js';

/**
 * What the parsers say of TypeScript that is more than types, and what to write instead. Of what comes as types go, `<const>` alone is
 * left in the script, for the engine's own parser to refuse.
 */
const REMEDIES: readonly (readonly [said: RegExp, remedy: string])[] = [
  [
    /^TypeScript enum /,
    'an enum is more than a type; write an object `as const`, and a union of its values as the type',
  ],
  [/^TypeScript (namespace|module) /, 'a namespace that holds values is more than a type; write an object'],
  [
    /^TypeScript parameter property /,
    'a parameter property is more than a type; declare the field and assign it in the constructor',
  ],
  [
    /angle-bracket syntax|token in expression: '<'/,
    'a type assertion in angle brackets cannot be taken off; write `value as Type`',
  ],
  [
    /'import', and 'export'/,
    "a handler is no module; write a type of another file as `import('./types.ts').Name`, and have values passed in",
  ],
];

const DECORATOR = 'decorators are no JavaScript that the engine knows; call the function yourself';

/** What to write instead, or undefined when it is an error like any other. */
export function remedyFor(message: string): string | undefined {
  return REMEDIES.find(([said]) => said.test(message))?.[1];
}

/** {@link remedyFor} what a parser of JavaScript says of a TypeScript handler without its types. */
export function remedyAfterStripping(message: string, text: string | SourceLines, location: SourceLocation) {
  return SourceLines.of(text).read(location, 1) === '@' ? DECORATOR : remedyFor(message);
}
