import { SourceLines, type SourceLocation } from '../source-lines.js';

/**
 * The parsers' messages about TypeScript syntax that is more than types, and what to write instead. Only
 * `<const>` is left in the script, for the engine's parser to refuse.
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
    'a type assertion in angle brackets cannot be stripped; write `value as Type`',
  ],
  [
    /'import', and 'export'/,
    "the body of a function imports and exports nothing; write a type of another file as `import('./types.ts').Name`, and pass values as arguments",
  ],
];

const DECORATOR = 'the engine does not support decorators; call the function yourself';

/** What to write instead, or undefined for any other error. */
export function remedyFor(message: string): string | undefined {
  return REMEDIES.find(([said]) => said.test(message))?.[1];
}

/** {@link remedyFor} the error of a JavaScript parser on a TypeScript handler without its types. */
export function remedyAfterStripping(message: string, text: string | SourceLines, location: SourceLocation) {
  return SourceLines.of(text).read(location, 1) === '@' ? DECORATOR : remedyFor(message);
}
