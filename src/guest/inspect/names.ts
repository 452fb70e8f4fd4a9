const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;

/** The nearest class of which it is one; null when there is none. */
export function constructorName(value: object): string | null {
  for (let at: object | null = value, depth = 0; at !== null && depth < 100; at = getPrototypeOf(at), depth++) {
    const made: unknown = getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof made === 'function' && made.name !== '' && isInstance(value, made)) return String(made.name);
  }
  return null;
}

function isInstance(value: object, type: { readonly prototype?: unknown }): boolean {
  for (let at = getPrototypeOf(value), depth = 0; at !== null && depth < 100; at = getPrototypeOf(at), depth++) {
    if (at === type.prototype) return true;
  }
  return false;
}

export function tagOf(value: object, className: string | null): string {
  const tag: unknown = (value as Record<PropertyKey, unknown>)[Symbol.toStringTag];
  if (typeof tag !== 'string') return '';
  const own = getOwnPropertyDescriptor(value, Symbol.toStringTag)?.enumerable === true;
  return tag !== '' && (own || tag === className) ? '' : tag;
}

export function prefixOf(className: string | null, tag: string, fallback: string, size: string): string {
  const tagged = tag !== '' && tag !== (className ?? fallback) ? ` [${tag}]` : '';
  if (className === null) return `[${fallback}${size}: null prototype]${tagged} `;
  return `${className}${size}${tagged} `;
}

export function functionBase(value: { readonly name?: unknown }, className: string | null, tag: string): string {
  const name = typeof value.name === 'string' && value.name !== '' ? value.name : undefined;
  const tagged = tag !== '' && className !== tag ? ` [${tag}]` : '';
  if (isClass(value)) {
    const parent: unknown = getPrototypeOf(value);
    const extended = typeof parent === 'function' && parent.name !== '' ? ` extends ${parent.name}` : '';
    return `[class ${name ?? '(anonymous)'}${tagged}${extended}]`;
  }
  const type = kindOfFunction(value);
  return `[${type}${className === null ? ' (null prototype)' : ''}${name === undefined ? ' (anonymous)' : `: ${name}`}]${tagged}`;
}

/** Of a class the prototype cannot be written; so it is of builtins, which are known. */
function isClass(value: object): boolean {
  const prototype = getOwnPropertyDescriptor(value, 'prototype');
  return prototype !== undefined && prototype.writable === false && !builtins.has(value);
}

const builtins = new Set<unknown>();
for (const key of ownKeys(globalThis)) {
  // An accessor stands for a feature that is not there.
  const known: unknown = getOwnPropertyDescriptor(globalThis, key)?.value;
  if (typeof known === 'function') builtins.add(known);
}

const FUNCTIONS = new Map<object | null, string>([
  [getPrototypeOf(async () => {}), 'AsyncFunction'],
  [getPrototypeOf(function* () {}), 'GeneratorFunction'],
  [getPrototypeOf(async function* () {}), 'AsyncGeneratorFunction'],
]);

function kindOfFunction(value: object): string {
  return FUNCTIONS.get(getPrototypeOf(value)) ?? 'Function';
}
