import type { FunctionExpression, Identifier, MemberExpression, Node, Pattern } from 'acorn';

import { NAMESPACE_PREFIX } from '../../source/forms/calling.js';
import { childrenOf } from '../../source/parse-script.js';
import { resolveScopes } from '../../source/scopes/resolve-scopes.js';
import type { LibraryNeeds } from '../library-needs.js';
import { parseToken } from '../token.js';
import { isKnownGlobal } from './program.js';
import type { Demands } from './values/demands.js';

/**
 * Adds what the libraries need that a handler names: as a member of `$lib` or of `lib` of its `ctx`. Where it cannot be told which one, all
 * count; and also where the handler reads an undeclared global, since a library may have defined it.
 *
 * @throws EverythingDemanded
 */
export function demandLibraries(handler: FunctionExpression, needs: LibraryNeeds, demands: Demands): void {
  const all = Object.keys(needs).filter((name) => (needs[name] ?? []).length > 0);
  if (all.length === 0) return;
  const add = (names: readonly string[], at: Node) => {
    for (const name of names) {
      for (const token of needs[name] ?? []) {
        const parsed = parseToken(token);
        if (parsed !== undefined) demands.add(parsed.kind, parsed.pattern, at, `the library ${name} may need it`);
      }
    }
  };
  const { variables } = resolveScopes(handler);
  const waiting: { node: Node; parent: Node }[] = [{ node: handler, parent: handler }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, parent } = next;
    if (isLibraries(node, parent)) {
      const names = namesUsed(node, parent);
      add(names === undefined ? all : names.filter((name) => all.includes(name)), node);
    } else if (isUnknownGlobal(node, parent, variables)) add(all, node);
    for (const child of childrenOf(node)) waiting.push({ node: child, parent: node });
  }
}

/** Whether a node is, or may be, the object of all libraries. */
function isLibraries(node: Node, parent: Node): boolean {
  if (isMember(node)) {
    const name = memberName(node);
    return name === 'lib' || name === '$lib';
  }
  if (!isIdentifier(node) || (node.name !== 'lib' && node.name !== '$lib')) return false;
  return !isName(node, parent);
}

/** The names of libraries that are read there; undefined if they are not known. */
function namesUsed(node: Node, parent: Node): string[] | undefined {
  if (isMember(parent) && parent.object === node) {
    const name = memberName(parent);
    return name === undefined ? undefined : [libraryOf(name)];
  }
  if (parent.type === 'VariableDeclarator') {
    const { id, init } = parent as Node & { id: Pattern; init?: Node | null };
    if (init === node) return namesOfPattern(id);
    return isIdentifier(node) ? [] : undefined;
  }
  if (parent.type === 'Property')
    return namesOfProperty(parent as Node & { key: Node; value: Node; computed: boolean });
  const isParameter = 'params' in parent && (parent.params as Node[]).includes(node);
  return isParameter && isIdentifier(node) ? [] : undefined;
}

/** `{ lib: $lib }`, which `ctx` is made of, and a pattern like `{ lib }`, keep the name under which members are looked for. */
function namesOfProperty({
  key,
  value,
  computed,
}: {
  key: Node;
  value: Node;
  computed: boolean;
}): string[] | undefined {
  if (computed || !isIdentifier(key) || key.name !== 'lib') return undefined;
  if (value.type === 'ObjectPattern') return namesOfPattern(value as Pattern);
  return isIdentifier(value) && (value.name === 'lib' || value.name === '$lib') ? [] : undefined;
}

function namesOfPattern(pattern: Pattern): string[] | undefined {
  if (pattern.type !== 'ObjectPattern') return undefined;
  const names: string[] = [];
  for (const property of pattern.properties) {
    if (property.type !== 'Property') return undefined;
    const { key, computed } = property;
    const name = !computed && isIdentifier(key) ? key.name : textOf(key);
    if (name === undefined) return undefined;
    names.push(libraryOf(name));
  }
  return names;
}

function libraryOf(name: string): string {
  return name.startsWith(NAMESPACE_PREFIX) ? name.slice(NAMESPACE_PREFIX.length) : name;
}

function isUnknownGlobal(node: Node, parent: Node, variables: ReadonlyMap<Node, unknown>): boolean {
  return isIdentifier(node) && !isName(node, parent) && !variables.has(node) && !isKnownGlobal(node.name);
}

/** Whether an identifier is only the name of a member, a key or a label. */
function isName(node: Node, parent: Node): boolean {
  if (isMember(parent)) return parent.property === node && !parent.computed;
  if (parent.type === 'Property' || parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition') {
    const { key, computed, value } = parent as unknown as { key: Node; computed: boolean; value: unknown };
    // A pattern `{ lib: { x } }` names the libraries by its key.
    const isLibrariesKey = parent.type === 'Property' && ['lib', '$lib'].includes((node as Identifier).name);
    if (key === node && !computed && !isLibrariesKey) return value !== node;
    return false;
  }
  return ['LabeledStatement', 'BreakStatement', 'ContinueStatement', 'MetaProperty'].includes(parent.type);
}

function memberName({ property, computed }: MemberExpression): string | undefined {
  return computed ? textOf(property) : isIdentifier(property) ? property.name : undefined;
}

function textOf(node: Node): string | undefined {
  const { value } = node as Node & { value?: unknown };
  return node.type === 'Literal' && typeof value === 'string' ? value : undefined;
}

function isMember(node: Node): node is MemberExpression {
  return node.type === 'MemberExpression';
}

function isIdentifier(node: Node): node is Identifier {
  return node.type === 'Identifier';
}
