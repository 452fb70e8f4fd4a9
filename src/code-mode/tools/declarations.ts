import type { JsonSchema } from '../../api/schema.js';
import { comment, typeOfSchema } from '../../typescript/schema-types.js';
import { exampleInput } from './example-input.js';

/** What can be declared: a tool, or a saved program. */
export interface Declared {
  readonly path: string;
  readonly description?: string | undefined;
  readonly input: JsonSchema | undefined;
  readonly output: JsonSchema | undefined;
  readonly needsApproval?: unknown;
}

/** How deep types are told; what is below is `unknown`. */
export interface DeclarationOptions {
  readonly maxDepth: number;
  /** Characters of all declarations together. */
  readonly maxCharacters: number;
}

/** The declarations of a set of tools. */
export interface Declarations {
  readonly text: string;
  /** Tools that are named and not declared, because of the budget. */
  readonly left: readonly string[];
}

const MAX_DESCRIPTION = 300;

/**
 * One tool in full: what it does, how it is called, and an example.
 *
 * @param name default: the last part of its path
 */
export function declarationOf(
  tool: Declared,
  maxDepth: number,
  level = 0,
  name = tool.path.slice(tool.path.lastIndexOf('.') + 1),
): string {
  const indent = '  '.repeat(level);
  const lines = [
    ...(tool.description?.trim() ? [cutText(oneLine(tool.description), MAX_DESCRIPTION)] : []),
    ...(tool.needsApproval === undefined || tool.needsApproval === false
      ? []
      : ['The program waits for an approval of it.']),
    `Example: await tools.${tool.path}(${takesNothing(tool.input) ? '' : oneLine(exampleInput(tool.input))})`,
  ];
  const told = lines.map((line) => `${indent} * ${line}`).join('\n');
  return `${indent}/**\n${told}\n${indent} */\n${indent}${name}${signatureOf(tool, maxDepth)};`;
}

/** `(input: { id: string }): Promise<unknown>` */
export function signatureOf({ input, output }: Declared, maxDepth: number): string {
  const typeOf = (schema: typeof input) => (schema === undefined ? 'unknown' : typeOfSchema(schema, maxDepth));
  const given = takesNothing(input) ? '{}' : typeOf(input);
  return `(${isOptional(input) ? 'input?' : 'input'}: ${given}): Promise<${typeOf(output)}>`;
}

/**
 * All tools as one declaration of `tools`. Types become less deep until they fit into the budget; what then does not fit is named alone, and
 * found by `$search` and `$describe`.
 */
export function declare(tools: readonly Declared[], { maxDepth, maxCharacters }: DeclarationOptions): Declarations {
  for (let depth = maxDepth; depth >= 1; depth--) {
    const text = written(tools, [], depth);
    if (text.length <= maxCharacters) return { text, left: [] };
  }
  // The first ones in full, as many as fit beside the names of the others.
  let [low, high] = [0, tools.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (written(tools.slice(0, middle), namesOf(tools.slice(middle)), 1).length <= maxCharacters) low = middle;
    else high = middle - 1;
  }
  const left = namesOf(tools.slice(low));
  const text = written(tools.slice(0, low), left, 1);
  return { text: text.length <= maxCharacters ? text : written([], [], 1, `${tools.length} tools`), left };
}

function namesOf(tools: readonly Declared[]): readonly string[] {
  return tools.map(({ path }) => path);
}

/** A group of tools of one name. */
interface Group {
  readonly tools: Declared[];
  readonly groups: Map<string, Group>;
}

function written(
  tools: readonly Declared[],
  left: readonly string[],
  maxDepth: number,
  others = left.join(', '),
): string {
  const root: Group = { tools: [], groups: new Map() };
  for (const tool of tools) {
    let group = root;
    for (const part of tool.path.split('.').slice(0, -1)) {
      const inner: Group = group.groups.get(part) ?? { tools: [], groups: new Map() };
      group.groups.set(part, inner);
      group = inner;
    }
    group.tools.push(tool);
  }
  const more = others === '' ? [] : [`  // There are also, see $search and $describe: ${others}`];
  return [
    'declare const tools: {',
    ...membersOf(root, maxDepth, 1),
    ...more,
    "  /** Finds tools by words: await tools.$search('create issue') */",
    '  $search(text: string): Promise<{ name: string; description: string }[]>;',
    "  /** The declaration of a tool: await tools.$describe('name') */",
    '  $describe(name: string): Promise<string>;',
    '};',
  ].join('\n');
}

function membersOf({ tools, groups }: Group, maxDepth: number, level: number): string[] {
  const indent = '  '.repeat(level);
  return [
    ...tools.map((tool) => declarationOf(tool, maxDepth, level)),
    ...[...groups].flatMap(([name, group]) => [
      `${indent}${name}: {`,
      ...membersOf(group, maxDepth, level + 1),
      `${indent}};`,
    ]),
  ];
}

/** Whether a schema is that of an object without any property. */
function takesNothing(schema: JsonSchema | undefined): boolean {
  if (typeof schema !== 'object') return false;
  const { properties, additionalProperties } = schema as Readonly<Record<string, unknown>>;
  const isEmpty = typeof properties !== 'object' || properties === null || Object.keys(properties).length === 0;
  return isEmpty && isOptional(schema) && (properties !== undefined || additionalProperties === false);
}

/** Whether a schema is that of an object without required properties: a call may leave it out, and `{}` is meant. */
export function isOptional(schema: JsonSchema | undefined): boolean {
  if (typeof schema !== 'object') return false;
  const { type, required, minProperties } = schema as Readonly<Record<string, unknown>>;
  const isPlain = !['$ref', 'anyOf', 'oneOf', 'allOf', 'not'].some((name) => name in schema);
  const isFree = required === undefined || (Array.isArray(required) && required.length === 0);
  return type === 'object' && isPlain && isFree && minProperties === undefined;
}

function oneLine(text: string): string {
  return comment({ description: text }).slice('/** '.length, -' */ '.length);
}

function cutText(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
