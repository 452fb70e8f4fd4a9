import { invalidArgument, rejectUnknownKeys } from '../config/check.js';

/** The types of a `handler.d.ts`. All except `libraries` are names of types that {@link from} exports. */
export interface HandlerTypesOptions {
  /**
   * The module of the types, as `handler.d.ts` would import it: `'../app-types.ts'`. Required if a type is
   * named.
   */
  readonly from?: string;
  /** The type of `$state`. @default any keys, of any values */
  readonly state?: string;
  /** The type of `$args`. @default `any`: a handler declares what it takes, `const { id }: Refund = $args` */
  readonly args?: string;
  /** The type of `$scope`. @default `any` */
  readonly scope?: string;
  /**
   * The type of the `extensions` that are passed to `run`: an interface of interfaces. @default no calls are
   * allowed
   */
  readonly extensions?: string;
  /** An interface of payloads by event name. @default any event, of any payload */
  readonly events?: string;
  /** A union of the names of components, for `$view`. @default any */
  readonly components?: string;
  /** Types that handlers can use by name, without an import. @default none */
  readonly types?: readonly string[];
  /**
   * The type of each library in `$lib`, in TypeScript syntax: `{ lodash: "import('lodash').LoDashStatic" }`.
   * @default none
   */
  readonly libraries?: Readonly<Record<string, string>>;
}

const OPTIONS = {
  from: true,
  state: true,
  args: true,
  scope: true,
  extensions: true,
  events: true,
  components: true,
  types: true,
  libraries: true,
} as const satisfies { [Option in keyof Required<HandlerTypesOptions>]: true };

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const SINGLE = ['state', 'args', 'scope', 'extensions', 'events', 'components'] as const;

/**
 * Returns the text of a `handler.d.ts`, which declares the globals of handlers, `$state`, `$ext` and so on,
 * with the types of an application. Together with a `tsconfig.json` for the handlers, editors complete and
 * check them, in JavaScript as well.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function handlerTypes(options: HandlerTypesOptions = {}): string {
  check(options);
  const { from, state, args, scope, extensions, events, components, types = [], libraries = {} } = options;
  const imported = [state, args, scope, extensions, events, components].filter((name) => name !== undefined);
  const module = quote(from ?? '');
  const members = Object.entries(libraries).map(([name, type]) => `readonly ${quote(name)}: ${type};`);
  return [
    '// What handlers see, for editors and compilers. Written by handlerTypes() of nexus-runtime/typescript: to change it, change the types.',
    "import type { HandlerEmit, HandlerExtensions, HandlerLog, HandlerState, HandlerView } from 'nexus-runtime/handler';",
    ...(imported.length === 0 ? [] : [`import type { ${[...new Set(imported)].sort().join(', ')} } from ${module};`]),
    '',
    'declare global {',
    `  const $state: HandlerState<${state ?? 'Record<string, any>'}>;`,
    `  const $args: ${args ?? 'any'};`,
    `  const $scope: ${scope ?? 'any'};`,
    `  const $ext: HandlerExtensions<${extensions ?? '{}'}>;`,
    `  const $emit: HandlerEmit<${events ?? 'Record<string, any>'}>;`,
    `  const $view: HandlerView<${components ?? 'string'}>;`,
    '  const $log: HandlerLog;',
    `  const $lib: {${members.length === 0 ? '' : ` ${members.join(' ')} `}};`,
    ...types.map((name) => `  type ${name} = import(${module}).${name};`),
    '}',
    '',
  ].join('\n');
}

function check(options: HandlerTypesOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', options, 'an object');
  rejectUnknownKeys(options, Object.keys(OPTIONS), 'options.', 'INVALID_ARGUMENT');
  const { from, types = [], libraries = {} } = options;
  const named = SINGLE.filter((option) => options[option] !== undefined);
  for (const option of named) requireName(`options.${option}`, options[option]);
  if (!Array.isArray(types)) throw invalidArgument('options.types', types, 'a list of names of types');
  types.forEach((name, index) => {
    requireName(`options.types[${index}]`, name);
  });
  const [first = types.length > 0 ? 'types' : undefined] = named;
  if (from === undefined ? first !== undefined : typeof from !== 'string' || from === '' || /[\n\r]/.test(from)) {
    const why = first === undefined ? '' : `, because options.${first} names a type`;
    throw invalidArgument('options.from', from, `the module that exports the types, like './app-types.ts'${why}`);
  }
  if (typeof libraries !== 'object' || libraries === null || Array.isArray(libraries)) {
    throw invalidArgument('options.libraries', libraries, 'an object of types by the name of the library');
  }
  for (const [name, type] of Object.entries(libraries)) {
    if (typeof type === 'string' && type.trim() !== '') continue;
    throw invalidArgument(`options.libraries.${name}`, type, 'a type, like "import(\'lodash\').LoDashStatic"');
  }
}

function requireName(option: string, given: unknown): void {
  if (typeof given === 'string' && NAME.test(given)) return;
  throw invalidArgument(option, given, 'the name of a type that options.from exports');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
