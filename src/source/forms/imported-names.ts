import type {
  FunctionExpression,
  Identifier,
  ImportDeclaration,
  ImportExpression,
  Literal,
  Node,
  Program,
  TemplateLiteral,
} from 'acorn';
import { walk } from '../lowering/names.js';
import { targetsOf } from '../scopes/assignment-targets.js';
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
  readonly #namespaces = new Set<string>();

  constructor(added: AddedNames, imports: SourceImports | undefined) {
    this.#added = added;
    this.#imports = imports;
  }

  /** @returns what stands in its place: a check that the library exports these names; undefined if it is no import of a library */
  declare({ source, specifiers }: ImportDeclaration): string | undefined {
    const namespace = this.#namespaceOf(source);
    if (namespace === undefined) return undefined;
    const wanted: string[] = [];
    for (const specifier of specifiers) {
      const { name } = specifier.local;
      if (specifier.type === 'ImportNamespaceSpecifier') {
        this.#expressions.set(name, namespace);
        this.#namespaces.add(name);
        continue;
      }
      const imported = specifier.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(specifier.imported);
      wanted.push(JSON.stringify(imported));
      const isName = specifier.type === 'ImportDefaultSpecifier' || specifier.imported.type === 'Identifier';
      this.#expressions.set(name, `${namespace}${isName ? `.${imported}` : `[${JSON.stringify(imported)}]`}`);
    }
    if (wanted.length === 0) return ';';
    return `;${this.#added.require}(${namespace},${JSON.stringify(this.#nameOf(source))},[${wanted.join()}]);`;
  }

  /** The expression for an exported name; the name itself if it is the module's own. */
  expressionOf(name: string): string {
    return this.#expressions.get(name) ?? name;
  }

  /**
   * Replaces each use of an imported name by the member of its namespace, as modules see later assignments of what they import.
   *
   * @returns edits, an `import()` of what is no library, one of something that is not known before it runs, and an assignment to an import
   */
  edit(program: Program): {
    readonly edits: Edit[];
    readonly unlinked?: Node;
    readonly computed?: Node;
    readonly assigned?: Node;
  } {
    const edits: Edit[] = [];
    let unlinked: Node | undefined;
    let computed: Node | undefined;
    let assigned: Node | undefined;
    const targets = new Set<Node>();
    const statements = new Set<number>();
    const called = new Set<Node>();
    const shorthands = new Set<Node>();
    for (const node of walk(program)) {
      for (const target of targetsOf(node)) targets.add(target);
      if (node.type === 'ExpressionStatement') statements.add(node.start);
      else if (node.type === 'CallExpression') called.add((node as Node & { callee: Node }).callee);
      else if (node.type === 'TaggedTemplateExpression') called.add((node as Node & { tag: Node }).tag);
      else if (node.type === 'Property' && (node as Node & { shorthand: boolean }).shorthand)
        shorthands.add((node as Node & { value: Node }).value);
      else if (node.type === 'ImportExpression') {
        const { start, end, source } = node as ImportExpression;
        const namespace = this.#namespaceOf(source);
        if (namespace === undefined && textOf(source) === undefined) computed ??= node;
        else if (namespace === undefined) unlinked ??= node;
        else edits.push({ start, end, text: `(async()=>${namespace})()` });
      }
    }
    const used = new Set<Node>(this.#uses(program));
    for (const node of used as Set<Identifier>) {
      const expression = this.#expressions.get(node.name) as string;
      const { start, end } = node;
      if (targets.has(node)) assigned ??= node;
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
    for (const { object } of targets as Iterable<Node & { object?: Node }>) {
      if (object !== undefined && used.has(object) && this.#namespaces.has((object as Identifier).name))
        assigned ??= object;
    }
    return { edits, ...(unlinked && { unlinked }), ...(computed && { computed }), ...(assigned && { assigned }) };
  }

  #uses(program: Program): Identifier[] {
    if (this.#expressions.size === 0) return [];
    const body = { type: 'BlockStatement', start: program.start, end: program.end, body: program.body };
    const module = { type: 'FunctionExpression', start: 0, end: program.end, id: null, params: [], body };
    const { variables } = resolveScopes(module as unknown as FunctionExpression, true);
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

  #nameOf(source: Node): string | undefined {
    const specifier = textOf(source);
    return specifier === undefined ? undefined : libraryOf(specifier, this.#imports);
  }

  #namespaceOf(source: Node): string | undefined {
    const name = this.#nameOf(source);
    if (name === undefined) return undefined;
    const known = this.libraries.indexOf(name);
    return this.#added.library(known >= 0 ? known : this.libraries.push(name) - 1);
  }
}

/** What a string says, or a template without expressions. */
function textOf(node: Node): string | undefined {
  if (node.type === 'TemplateLiteral') {
    const { expressions, quasis } = node as TemplateLiteral;
    return expressions.length === 0 ? (quasis[0]?.value.cooked ?? undefined) : undefined;
  }
  const { type, value } = node as Literal;
  return type === 'Literal' && typeof value === 'string' ? value : undefined;
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

function nameOf(imported: Identifier | Literal): string {
  return imported.type === 'Identifier' ? imported.name : String(imported.value);
}
