import type { Node } from 'acorn';

import { type Fields, type Linked, nameOf } from './syntax.js';

/** How a file imports one of the packages that the codemod knows. */
export interface HostImport {
  readonly package: 'vm2' | 'vm' | 'isolated-vm';
  /** The local name of the whole package, if it has one. */
  readonly whole: string | undefined;
  /** Local names, by the names of what they are. */
  readonly names: ReadonlyMap<string, string>;
  readonly linked: Linked;
}

const PACKAGES: Readonly<Record<string, HostImport['package']>> = {
  vm2: 'vm2',
  vm: 'vm',
  'node:vm': 'vm',
  'isolated-vm': 'isolated-vm',
};

/** `import` statements, and declarations by `require`. */
export function importsOf(nodes: readonly Linked[]): HostImport[] {
  return nodes.flatMap((linked) => {
    const found = linked.node.type === 'ImportDeclaration' ? imported(linked.node) : required(linked.node);
    return found === undefined ? [] : [{ ...found, linked }];
  });
}

type Found = Omit<HostImport, 'linked'>;

function imported(node: Node): Found | undefined {
  const { source, specifiers } = node as unknown as { source: { value: string }; specifiers: Fields[] };
  const name = PACKAGES[source.value];
  if (name === undefined) return undefined;
  const names = new Map<string, string>();
  let whole: string | undefined;
  for (const specifier of specifiers) {
    const local = nameOf(specifier['local']) as string;
    if (specifier.type === 'ImportSpecifier') names.set(nameOf(specifier['imported']) ?? '', local);
    else whole = local;
  }
  return { package: name, whole, names };
}

function required(node: Node): Found | undefined {
  if (node.type !== 'VariableDeclaration') return undefined;
  const { declarations } = node as unknown as { declarations: { id: Fields; init: Fields | null }[] };
  const [declaration] = declarations;
  if (declaration === undefined || declarations.length > 1 || declaration.init?.type !== 'CallExpression')
    return undefined;
  const { id, init } = declaration;
  const [argument] = init['arguments'] as { value?: unknown }[];
  const name = nameOf(init['callee']) === 'require' ? PACKAGES[String(argument?.value)] : undefined;
  if (name === undefined) return undefined;
  const whole = nameOf(id);
  if (whole !== undefined) return { package: name, whole, names: new Map() };
  const names = new Map<string, string>();
  for (const property of (id['properties'] as Fields[] | undefined) ?? []) {
    names.set(nameOf(property['key']) ?? '', nameOf(property['value']) ?? '');
  }
  return { package: name, whole: undefined, names };
}
