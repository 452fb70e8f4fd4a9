import type { Node } from 'acorn';
import { invalidArgument } from '../../config/check.js';
import { SourceLines } from '../../source/source-lines.js';
import { ISOLATED_VM_ADVICE, NODE_VM, VM_SCRIPT } from './advice.js';
import { type HostImport, importsOf } from './imports.js';
import {
  type Fields,
  isBeside,
  isDeclared,
  isWithin,
  type Linked,
  linkedNodes,
  mayAwait,
  memberOf,
  nameOf,
  type ParsedHost,
  parseHost,
} from './syntax.js';

/** A place in the code of an application. Line and column start at 1. */
export interface HostPlace {
  readonly line: number;
  readonly column: number;
  /** What was written there, or why it was left alone and what takes its place. */
  readonly message: string;
}

export interface MigratedCode {
  /** The code, changed where that is mechanical. */
  readonly code: string;
  readonly changes: readonly HostPlace[];
  /** What a person has to look at. */
  readonly left: readonly HostPlace[];
}

export interface MigrateOptions {
  /** Its ending says whether it is TypeScript. @default 'host.js' */
  readonly filename?: string;
}

/** Options of `VM` that `evaluateScript` has by these names, and those that say what holds anyway. */
const VM_OPTIONS: Readonly<Record<string, string>> = { timeout: 'timeoutMs', sandbox: 'sandbox' };
const HELD: ReadonlySet<string> = new Set(['eval', 'wasm']);
const RUNTIME = 'runtime is that of createRuntime() of nexus-runtime: make one for the whole application';
const NO_AWAIT = 'it stands where `await` cannot: make the function around it async';

/**
 * Changes code of an application that evaluates scripts with vm2 or `node:vm`, where that is mechanical: `new VM({ … }).run(code)`, a `VM` that
 * runs one script, and `runInNewContext` become `await evaluateScript(runtime, code, { … })`. Calls of isolated-vm are listed with what takes
 * their place. Nothing is executed.
 *
 * @throws NexusError INVALID_ARGUMENT
 */
export function migrateHostCode(text: string, { filename = 'host.js' }: MigrateOptions = {}): MigratedCode {
  if (typeof text !== 'string') throw invalidArgument('text', text, 'source text');
  const parsed = parseHost(text, filename);
  if (typeof parsed === 'string') {
    return { code: text, changes: [], left: [{ line: 1, column: 1, message: `the file cannot be read: ${parsed}` }] };
  }
  return new Migration(text, parsed).result();
}

class Migration {
  readonly #text: string;
  readonly #script: string;
  readonly #lines: SourceLines;
  readonly #isModule: boolean;
  readonly #nodes: readonly Linked[];
  readonly #edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  readonly #changes: HostPlace[] = [];
  readonly #left: HostPlace[] = [];

  constructor(text: string, { program, script, isModule }: ParsedHost) {
    this.#text = text;
    this.#script = script;
    this.#lines = new SourceLines(text);
    this.#isModule = isModule;
    this.#nodes = linkedNodes(program);
  }

  result(): MigratedCode {
    const imports = importsOf(this.#nodes);
    for (const each of imports) {
      const before = this.#edits.length;
      const isDone = each.package === 'isolated-vm' ? this.#isolatedVm() : this.#scripts(each);
      if (this.#edits.length > before) this.#import(each, isDone);
    }
    if (this.#edits.length > 0) this.#left.unshift({ line: 1, column: 1, message: RUNTIME });
    let code = this.#text;
    for (const { start, end, text } of this.#edits.toSorted((a, b) => b.start - a.start)) {
      code = code.slice(0, start) + text + code.slice(end);
    }
    const inOrder = (places: HostPlace[]) => places.toSorted((a, b) => a.line - b.line || a.column - b.column);
    return { code, changes: inOrder(this.#changes), left: inOrder(this.#left) };
  }

  /** @returns whether nothing uses the package any more */
  #scripts({ package: name, whole, names, linked }: HostImport): boolean {
    let isDone = true;
    const locals = new Map([...names].map(([of, local]) => [local, of]));
    const own = ({ node }: Linked) => {
      const name = nameOf(node);
      return name !== undefined && (name === whole || locals.has(name));
    };
    const other = this.#nodes.find((each) => own(each) && isDeclared(each) && !isWithin(each, linked));
    if (other !== undefined)
      return this.#leave(other, 'it has the name of the import, so nothing is changed: rename it');
    for (const each of this.#nodes) {
      const member = memberOf(each.node);
      const isWhole = whole !== undefined && member !== undefined && nameOf(member.object) === whole;
      const what = isWhole
        ? member.property
        : this.#isUse(each, linked)
          ? locals.get(nameOf(each.node) ?? '')
          : undefined;
      if (what === undefined) continue;
      const isChanged = name === 'vm2' ? this.#vm2(what, each) : this.#nodeVm(what, each);
      if (!isChanged) isDone = false;
    }
    return isDone;
  }

  /** A reference, and not the declaration, a property or a key. */
  #isUse({ node, parent }: Linked, declaration: Linked): boolean {
    if (node.type !== 'Identifier' || parent === undefined) return false;
    if (isWithin(parent, declaration)) return false;
    const { type, computed, property, key } = parent.node as Fields;
    if (type === 'MemberExpression' && property === node && computed !== true) return false;
    return !(type === 'Property' && key === node && computed !== true);
  }

  #vm2(what: string, callee: Linked): boolean {
    const created = callee.parent as Linked;
    if (what === 'NodeVM') return this.#leave(callee, `NodeVM becomes ${NODE_VM}`);
    if (what === 'VMScript') return this.#leave(callee, `VMScript becomes ${VM_SCRIPT}`);
    if (what !== 'VM') return this.#leave(callee, `${what} of vm2 has no counterpart`);
    const { type, callee: called, arguments: given } = created.node as Fields;
    if (type !== 'NewExpression' || called !== callee.node)
      return this.#leave(callee, 'VM is used other than by `new`');
    const [argument] = given as Node[];
    const options = argument === undefined ? '{}' : this.#options(argument);
    if (options === undefined) {
      return this.#leave(created, 'its options are no literal of timeout, sandbox, eval and wasm; see the page on vm2');
    }
    const run = this.#runOf(created);
    if (run !== undefined) return this.#evaluate(run, (run.node as Fields)['arguments'] as Node[], options);
    return this.#declared(created, options);
  }

  /** The call `new VM().run(…)` around what was created. */
  #runOf({ node, parent }: Linked): Linked | undefined {
    const call = parent?.parent;
    const isRun = parent && memberOf(parent.node)?.property === 'run' && memberOf(parent.node)?.object === node;
    return isRun && call && (call.node as Fields)['callee'] === parent.node ? call : undefined;
  }

  /** `const vm = new VM();`, if one script is run with it, once, in the same block. */
  #declared(created: Linked, options: string): boolean {
    const { type, id } = (created.parent?.node ?? {}) as Fields;
    const name = type === 'VariableDeclarator' ? nameOf(id) : undefined;
    const declaration = created.parent?.parent;
    if (name === undefined || declaration === undefined) {
      return this.#leave(created, 'the VM is kept elsewhere: call evaluateScript where it runs a script');
    }
    const isUse = (each: Linked) => nameOf(each.node) === name && this.#isUse(each, declaration);
    const uses = this.#nodes.filter((each) => isWithin(each, declaration.parent) && isUse(each));
    const [use] = uses;
    const call = use && this.#runOf(use);
    if (use === undefined || call === undefined || uses.length > 1 || !isBeside(call, declaration.parent)) {
      const message = `${name} is used more than once: a VM keeps globals from one script to the next, and here each execution is clean`;
      return this.#leave(created, message);
    }
    if (!this.#evaluate(call, (call.node as Fields)['arguments'] as Node[], name)) return false;
    this.#replace(created.node, options);
    return true;
  }

  #nodeVm(what: string, callee: Linked): boolean {
    if (what !== 'runInNewContext') {
      return this.#leave(callee, `${what} of node:vm: see sandboxScript of nexus-runtime/migrate`);
    }
    const call = callee.parent as Linked;
    const { type, callee: called, arguments: given } = call.node as Fields;
    if (type !== 'CallExpression' || called !== callee.node)
      return this.#leave(callee, 'it is used other than by a call');
    const [code, sandbox, options] = given as [Node?, Node?, Node?];
    const settings = options === undefined ? '{}' : this.#options(options);
    if (code === undefined || settings === undefined) return this.#leave(call, 'its options are no literal of timeout');
    if (sandbox !== undefined && sandbox.type !== 'ObjectExpression') {
      return this.#leave(
        call,
        'its sandbox is a variable, which scripts change: here values are copied, so return them',
      );
    }
    const parts = [sandbox === undefined ? '' : `sandbox: ${this.#source(sandbox)}`, settings.slice(1, -1).trim()];
    const written = parts.filter((part) => part !== '').join(', ');
    return this.#evaluate(call, [code], written === '' ? '{}' : `{ ${written} }`);
  }

  #evaluate(call: Linked, [code]: readonly Node[], options: string): boolean {
    if (code === undefined || code.type === 'SpreadElement') return this.#leave(call, 'it is called without a script');
    if (!mayAwait(call, this.#isModule)) return this.#leave(call, NO_AWAIT);
    if (this.#edits.some(({ start, end }) => start < call.node.end && call.node.start < end)) {
      return this.#leave(call, 'it is part of a call that was changed: run the codemod again');
    }
    const isStatement = call.parent?.node.type === 'ExpressionStatement';
    const isAwaited = call.parent?.node.type === 'AwaitExpression';
    const tail = options === '{}' ? '' : `, ${options}`;
    const written = `evaluateScript(runtime, ${this.#source(code)}${tail})`;
    this.#replace(call.node, isAwaited ? written : isStatement ? `await ${written}` : `(await ${written})`);
    this.#changes.push(this.#place(call.node, `await ${written}`));
    return true;
  }

  /** The literal of options by our names; undefined if there are others. */
  #options(node: Node): string | undefined {
    if (node.type !== 'ObjectExpression') return undefined;
    const written: string[] = [];
    for (const property of (node as unknown as { properties: Fields[] }).properties) {
      const name = property.type === 'Property' && property['computed'] !== true ? nameOf(property['key']) : undefined;
      if (name === undefined || (VM_OPTIONS[name] === undefined && !HELD.has(name))) return undefined;
      const value = property['value'] as Fields;
      if (HELD.has(name)) {
        if (value['value'] !== false) return undefined;
      } else if (name === 'sandbox' && property['shorthand'] === true) written.push('sandbox');
      else written.push(`${VM_OPTIONS[name]}: ${this.#source(value)}`);
    }
    return written.length === 0 ? '{}' : `{ ${written.join(', ')} }`;
  }

  #isolatedVm(): boolean {
    for (const { node, parent } of this.#nodes) {
      const { callee } = node as Fields;
      if (node.type !== 'CallExpression' && node.type !== 'NewExpression') continue;
      const name = memberOf(callee as Node)?.property;
      const advice =
        name === undefined || !Object.hasOwn(ISOLATED_VM_ADVICE, name) ? undefined : ISOLATED_VM_ADVICE[name];
      if (advice !== undefined && parent !== undefined) this.#left.push(this.#place(node, `${name}: ${advice}`));
    }
    return false;
  }

  #import({ linked }: HostImport, isDone: boolean): void {
    const written =
      linked.node.type === 'ImportDeclaration'
        ? "import { evaluateScript } from 'nexus-runtime/migrate';"
        : "const { evaluateScript } = require('nexus-runtime/migrate');";
    const { start, end } = linked.node;
    this.#edits.push({ start, end: isDone ? end : start, text: isDone ? written : `${written}\n` });
    this.#changes.push(this.#place(linked.node, written));
  }

  /** @returns false: it is not changed */
  #leave({ node }: Linked, message: string): false {
    this.#left.push(this.#place(node, message));
    return false;
  }

  #replace({ start, end }: Node, text: string): void {
    this.#edits.push({ start, end, text });
  }

  /** With the types behind it, which the parser did not see. */
  #source({ start, end }: Node): string {
    const next = end + this.#script.slice(end).search(/\S|$/);
    return this.#text.slice(start, next).trimEnd();
  }

  #place({ start }: Node, message: string): HostPlace {
    return { ...this.#lines.locationAt(start), message };
  }
}
