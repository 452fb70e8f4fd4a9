import type {
  ArrayExpression,
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  Node,
  ObjectExpression,
  Pattern,
  Property,
  VariableDeclarator,
} from 'acorn';
import { childrenOf } from '../../source/parse-script.js';

/** A call of a tool as a program has it in its text. */
export interface StaticCall {
  /** Behind `tools.`. */
  readonly path: string;
  readonly node: Node;
  /** What of its argument is literal. */
  readonly input: unknown;
  /** Places in the argument that are known only when it runs: `input.title`. */
  readonly computed: readonly string[];
}

/** What is said in the text of a program of the tools that it may call. */
export interface StaticCalls {
  readonly calls: readonly StaticCall[];
  /** Paths that are named without a call: the program may call them later. */
  readonly named: readonly string[];
  /** Whether a name is computed, or `tools` is passed on: then it may call any. */
  readonly mayCallAny: boolean;
}

const ROOT = 'tools';
/** A program with more values in its arguments is told less exactly. */
const MAX_DEPTH = 20;

/**
 * Finds the calls of tools in a program, without running it. Names that stand for a tool or a group of them are followed. A name that stands
 * for several things, in different functions for example, counts for all of them.
 */
export function findCalls(program: Node): StaticCalls {
  return new Finder(program).find();
}

class Finder {
  readonly #program: Node;
  /** What names stand for: paths behind `tools`, the empty one for `tools` itself. */
  readonly #aliases = new Map<string, Set<string>>([[ROOT, new Set([''])]]);
  /** Constants that are literal. */
  readonly #constants = new Map<string, Expression | null>();
  readonly #calls: StaticCall[] = [];
  readonly #named = new Set<string>();
  readonly #seen = new Set<Node>();
  #mayCallAny = false;

  constructor(program: Node) {
    this.#program = program;
  }

  find(): StaticCalls {
    // Aliases of aliases: each pass finds those of one more step.
    for (let size = -1; size !== this.#aliasCount(); ) {
      size = this.#aliasCount();
      this.#visit(this.#program, (node) => this.#declare(node));
    }
    this.#visit(this.#program, (node) => this.#call(node));
    this.#visit(this.#program, (node, parent) => this.#use(node, parent));
    const called = new Set(this.#calls.map(({ path }) => path));
    return {
      calls: this.#calls,
      named: [...this.#named].filter((path) => !called.has(path)),
      mayCallAny: this.#mayCallAny,
    };
  }

  #aliasCount(): number {
    let count = 0;
    for (const paths of this.#aliases.values()) count += paths.size;
    return count;
  }

  #visit(root: Node, visit: (node: Node, parent: Node | undefined) => void): void {
    const waiting: [Node, Node | undefined][] = [[root, undefined]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      visit(...next);
      for (const child of childrenOf(next[0]).reverse()) waiting.push([child, next[0]]);
    }
  }

  #declare(node: Node): void {
    if (node.type !== 'VariableDeclarator') return;
    const { id, init } = node as VariableDeclarator;
    if (!init) return;
    if (id.type === 'Identifier' && !this.#isAlias(init)) {
      const known = this.#constants.get(id.name);
      this.#constants.set(id.name, known === undefined || known === init ? init : null);
    }
    for (const path of this.#pathsOf(init)) this.#bind(id, path);
  }

  #isAlias(node: Node): boolean {
    return this.#pathsOf(node).length > 0;
  }

  #bind(pattern: Pattern, path: string): void {
    if (pattern.type === 'Identifier') {
      if (pattern.name === ROOT && path === '') return;
      const paths = this.#aliases.get(pattern.name) ?? new Set();
      this.#aliases.set(pattern.name, paths.add(path));
    } else if (pattern.type === 'ObjectPattern') {
      for (const member of pattern.properties) {
        if (member.type === 'RestElement') this.#bind(member.argument, path);
        else {
          const name = nameOfKey(member.key, member.computed);
          if (name === undefined) this.#mayCallAny = true;
          else this.#bind(member.value, join(path, name));
        }
      }
    } else if (pattern.type === 'AssignmentPattern') this.#bind(pattern.left, path);
  }

  /** What an expression stands for; none if it is no tool and no group. */
  #pathsOf(node: Node): readonly string[] {
    if (node.type === 'Identifier') return [...(this.#aliases.get((node as Identifier).name) ?? [])];
    if (node.type === 'ChainExpression') return this.#pathsOf((node as Node & { expression: Node }).expression);
    if (node.type !== 'MemberExpression') return [];
    const { object, property, computed } = node as MemberExpression;
    const paths = this.#pathsOf(object);
    if (paths.length === 0) return [];
    const name = nameOfKey(property, computed);
    return name === undefined ? [] : paths.map((path) => join(path, name));
  }

  #call(node: Node): void {
    if (node.type !== 'CallExpression') return;
    const { callee, arguments: args } = node as CallExpression;
    const paths = this.#pathsOf(callee).filter((path) => path !== '');
    if (paths.length === 0) return;
    this.#mark(callee);
    const computed: string[] = [];
    const [first] = args;
    const input =
      first === undefined || first.type === 'SpreadElement' ? undefined : this.#literal(first, 'input', computed, 0);
    if (first?.type === 'SpreadElement') computed.push('input');
    for (const path of paths) this.#calls.push({ path, node, input, computed });
  }

  /** That it was counted, with all that it consists of. */
  #mark(node: Node): void {
    this.#visit(node, (one) => this.#seen.add(one));
  }

  /** Names of tools that are used otherwise than by a call. */
  #use(node: Node, parent: Node | undefined): void {
    if (this.#seen.has(node)) return;
    if (node.type === 'VariableDeclarator') {
      const { id, init } = node as VariableDeclarator;
      this.#mark(id);
      if (init && this.#isAlias(init)) this.#mark(init);
      return;
    }
    if (node.type === 'Identifier' && isNameOfProperty(node, parent)) return;
    if (node.type === 'MemberExpression') {
      const { object, property, computed } = node as MemberExpression;
      if (computed && this.#isAlias(object) && nameOfKey(property, true) === undefined) {
        this.#mayCallAny = true;
        this.#mark(object);
        return;
      }
    }
    const paths = this.#pathsOf(node);
    if (paths.length === 0) return;
    this.#mark(node);
    for (const path of paths) {
      if (path === '') this.#mayCallAny = true;
      else this.#named.add(path);
    }
  }

  /** The value of what is literal; the places of the rest are noted. */
  #literal(node: Node, at: string, computed: string[], depth: number): unknown {
    if (depth <= MAX_DEPTH) {
      if (node.type === 'Literal' && !('regex' in node && node.regex)) return (node as Node & { value: unknown }).value;
      if (node.type === 'TemplateLiteral') {
        const { expressions, quasis } = node as Node & {
          expressions: Node[];
          quasis: { value: { cooked?: string | null } }[];
        };
        if (expressions.length === 0) return quasis[0]?.value.cooked;
      }
      if (node.type === 'UnaryExpression') {
        const { operator, argument } = node as Node & { operator: string; argument: Node };
        if (operator === '-' && argument.type === 'Literal')
          return -Number((argument as Node & { value: unknown }).value);
        if (operator === '!' && argument.type === 'Literal') return !(argument as Node & { value: unknown }).value;
      }
      if (node.type === 'Identifier') {
        const { name } = node as Identifier;
        if (name === 'undefined') return undefined;
        const constant = this.#constants.get(name);
        if (constant && constant.type !== 'Identifier') return this.#literal(constant, at, computed, depth + 1);
      }
      if (node.type === 'ArrayExpression') return this.#list(node as ArrayExpression, at, computed, depth);
      if (node.type === 'ObjectExpression') return this.#object(node as ObjectExpression, at, computed, depth);
    }
    computed.push(at);
    return undefined;
  }

  #list({ elements }: ArrayExpression, at: string, computed: string[], depth: number): unknown[] {
    return elements.map((element, index) => {
      const place = `${at}[${index}]`;
      if (element === null) return undefined;
      if (element.type !== 'SpreadElement') return this.#literal(element, place, computed, depth + 1);
      computed.push(place);
      return undefined;
    });
  }

  #object({ properties }: ObjectExpression, at: string, computed: string[], depth: number): object {
    const entries: [string, unknown][] = [];
    for (const member of properties) {
      const name = member.type === 'SpreadElement' ? undefined : nameOfKey(member.key, member.computed);
      if (name === undefined) computed.push(`${at}.*`);
      else {
        const value = this.#literal((member as Property).value, `${at}.${name}`, computed, depth + 1);
        if (value !== undefined) entries.push([name, value]);
      }
    }
    return Object.fromEntries(entries);
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function nameOfKey(key: Node, isComputed: boolean): string | undefined {
  if (key.type === 'Identifier' && !isComputed) return (key as Identifier).name;
  if (key.type === 'Literal') return String((key as Node & { value: unknown }).value);
  return undefined;
}

/** `x.tools` and `{ tools: 1 }` are no uses of `tools`. */
function isNameOfProperty(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'MemberExpression') {
    const { property, computed } = parent as MemberExpression;
    return property === node && !computed;
  }
  if (parent?.type === 'Property') {
    const { key, computed, shorthand } = parent as Property;
    return key === node && !computed && !shorthand;
  }
  return false;
}
