import type {
  FunctionExpression,
  Identifier,
  ImportDeclaration,
  ImportExpression,
  Literal,
  Node,
  Program,
} from 'acorn';
import { walk } from '../lowering/names.js';
import { resolveScopes } from '../scopes/resolve-scopes.js';
import type { AddedNames } from './calling.js';
import type { Edit } from './rewriting.js';
import { LIBRARY_SCHEME, type SourceImports } from './source-shape.js';

const MEMBER = /[.[]/;

/** The libraries that a linked module imports, and their names in it. */
export class ImportedNames {
  /** By index, see {@link AddedNames.library}. */
  readonly libraries: string[] = [];
  readonly #added: AddedNames;
  readonly #imports: SourceImports | undefined;
  /** Expressions of what is imported, by the names that the module has for it. */
  readonly #expressions = new Map<string, string>();

  constructor(added: AddedNames, imports: SourceImports | undefined) {
    this.#added = added;
    this.#imports = imports;
  }

  /** @returns false if it is no import of a library */
  declare({ source, specifiers }: ImportDeclaration): boolean {
    const namespace = this.#namespaceOf(source);
    if (namespace === undefined) return false;
    for (const specifier of specifiers) {
      const { name } = specifier.local;
      if (specifier.type === 'ImportNamespaceSpecifier') this.#expressions.set(name, namespace);
      else if (specifier.type === 'ImportDefaultSpecifier') this.#expressions.set(name, `${namespace}.default`);
      else this.#expressions.set(name, `${namespace}${memberOf(specifier.imported)}`);
    }
    return true;
  }

  /** The expression for an exported name; the name itself if it is the module's own. */
  expressionOf(name: string): string {
    return this.#expressions.get(name) ?? name;
  }

  /**
   * Replaces each use of an imported name by the member of its namespace, as modules see later assignments of what they import.
   *
   * @returns edits, an `import()` of what is no library, and one of something that is not known before it runs
   */
  edit(program: Program): { readonly edits: Edit[]; readonly unlinked?: Node; readonly computed?: Node } {
    const edits: Edit[] = [];
    let unlinked: Node | undefined;
    let computed: Node | undefined;
    const statements = new Set<number>();
    const called = new Set<Node>();
    const shorthands = new Set<Node>();
    for (const node of walk(program)) {
      if (node.type === 'ExpressionStatement') statements.add(node.start);
      else if (node.type === 'CallExpression') called.add((node as Node & { callee: Node }).callee);
      else if (node.type === 'TaggedTemplateExpression') called.add((node as Node & { tag: Node }).tag);
      else if (node.type === 'Property' && (node as Node & { shorthand: boolean }).shorthand)
        shorthands.add((node as Node & { value: Node }).value);
      else if (node.type === 'ImportExpression') {
        const { start, end, source } = node as ImportExpression;
        const namespace = this.#namespaceOf(source);
        if (namespace === undefined && source.type !== 'Literal') computed ??= node;
        else if (namespace === undefined) unlinked ??= node;
        else edits.push({ start, end, text: `(async()=>${namespace})()` });
      }
    }
    for (const node of this.#uses(program)) {
      const expression = this.#expressions.get(node.name) as string;
      const { start, end } = node;
      // Called without the namespace as `this`.
      const isMethod = called.has(node) && MEMBER.test(expression);
      // A bracket at the start of a statement would belong to the line before, if that has no semicolon.
      const value = !isMethod
        ? expression
        : statements.has(start)
          ? `${this.#added.itself}(${expression})`
          : `(0,${expression})`;
      edits.push({ start, end, text: shorthands.has(node) ? `${node.name}:${value}` : value });
    }
    return { edits, ...(unlinked && { unlinked }), ...(computed && { computed }) };
  }

  #uses(program: Program): Identifier[] {
    if (this.#expressions.size === 0) return [];
    const body = { type: 'BlockStatement', start: program.start, end: program.end, body: program.body };
    const module = { type: 'FunctionExpression', start: 0, end: program.end, id: null, params: [], body };
    const { variables } = resolveScopes(module as unknown as FunctionExpression);
    const uses: Identifier[] = [];
    for (const statement of program.body) {
      if (statement.type === 'ImportDeclaration') continue;
      if (statement.type === 'ExportNamedDeclaration' && !statement.declaration) continue;
      for (const node of namesIn(statement)) {
        // A name that nothing in the module declares is that of the import.
        if (this.#expressions.has(node.name) && !variables.has(node)) uses.push(node);
      }
    }
    return uses;
  }

  #namespaceOf(source: Node): string | undefined {
    const { type, value } = source as Literal;
    if (type !== 'Literal' || typeof value !== 'string') return undefined;
    const name = libraryOf(value, this.#imports);
    if (name === undefined) return undefined;
    const known = this.libraries.indexOf(name);
    return this.#added.library(known >= 0 ? known : this.libraries.push(name) - 1);
  }
}

function libraryOf(specifier: string, imports: SourceImports | undefined): string | undefined {
  if (imports !== 'linked') return imports?.includes(specifier) ? specifier : undefined;
  return specifier.startsWith(LIBRARY_SCHEME) ? specifier.slice(LIBRARY_SCHEME.length) : undefined;
}

/** Identifiers that stand for a value, and not for a key, a member or a label. */
function* namesIn(root: Node): Generator<Identifier> {
  const skipped = new Set<Node>();
  for (const node of walk(root)) {
    if (node.type === 'MemberExpression') skip(node, 'property', skipped);
    else if (node.type === 'Property') {
      if (!(node as Node & { shorthand: boolean }).shorthand) skip(node, 'key', skipped);
      else skipped.add((node as Node & { key: Node }).key);
    } else if (node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') skip(node, 'key', skipped);
    else if (/^(?:Labeled|Break|Continue)Statement$/.test(node.type))
      skipped.add((node as Node & { label: Node }).label);
    else if (node.type === 'MetaProperty') {
      skipped.add((node as Node & { meta: Node }).meta);
      skipped.add((node as Node & { property: Node }).property);
    } else if (node.type === 'Identifier' && !skipped.has(node)) yield node as Identifier;
  }
}

function skip(node: Node, field: 'key' | 'property', skipped: Set<Node>): void {
  const { computed, [field]: name } = node as Node & { computed: boolean; key: Node; property: Node };
  if (!computed) skipped.add(name);
}

function memberOf(imported: Identifier | Literal): string {
  return imported.type === 'Identifier' ? `.${imported.name}` : `[${JSON.stringify(imported.value)}]`;
}
