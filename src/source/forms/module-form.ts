import type { ExportDefaultDeclaration, ExportNamedDeclaration, Identifier, Literal, Node, Program } from 'acorn';
import { namesOf } from '../lowering/names.js';
import { childrenOf } from '../parse-script.js';
import { NOT_IMPORTED } from '../syntax-help.js';
import { addedNames, headOf, resultOf, stagedHeadOf, tailOf } from './calling.js';
import { DEFAULT_ENTRY, MAX_ENTRIES, MAX_ENTRY_CHARACTERS } from './entries.js';
import { type HandlerForm, refusal } from './form.js';
import { ImportedNames } from './imported-names.js';
import { refuseLinking } from './linking-cost.js';
import { pureStatements } from './pure-statements.js';
import { type Edit, rewrite, rewriteMoving } from './rewriting.js';
import type { SourceImports } from './source-shape.js';

const CLASS =
  'the default export is a class, and a handler is called without `new`: export a function that makes an instance and calls it';
export const COMPUTED_IMPORT =
  '`import()` needs the name of a module as text: what a handler may import is known before it runs; list the modules, and choose among them';
/** Bytes by which the bundler may indent a short module. */
const LEAST_INDENTED = 1024 * 1024;
const ASSIGNED = 'what is imported cannot be assigned to: keep the value in a variable of the handler';
const NOTHING =
  'the module exports nothing that could be called: it needs a default export, or one with a name for the option entry';

/** How a module is rewritten. */
export interface ModuleOptions {
  /** What it may import; absent if nothing. */
  readonly imports?: SourceImports | undefined;
  /** Whether what is pure at its top level is evaluated once, when an image is made. */
  readonly isStaged?: boolean | undefined;
}

/** A module as a function of its entry point. `export` is taken off, and what was exported is called or returned at its end. */
export function rewriteModule(
  script: string,
  program: Program,
  { imports, isStaged = false }: ModuleOptions,
): HandlerForm {
  const { body } = program;
  const exported = new Map<string, string>();
  const edits: Edit[] = [];
  const names = addedNames(script);
  const imported = new ImportedNames(names, imports);
  const classes = new Set(body.flatMap((node) => classNamesOf(node)));
  let isModule = imports === 'linked';
  for (const node of body) {
    if (node.type === 'ImportDeclaration') {
      isModule ||= imports !== undefined;
      const text = imported.declare(node);
      if (text === undefined) return refuseImport(script, node, program, imports);
      edits.push({ start: node.start, end: node.end, text });
      continue;
    }
    if (node.type === 'ExportAllDeclaration') return refuseImport(script, node, program, imports);
    if (node.type === 'ExportDefaultDeclaration') {
      isModule = true;
      if (isClass(node.declaration, classes)) return refusal(script, node, CLASS, 'form');
      exported.set(DEFAULT_ENTRY, exportDefault(node, script, names.held, edits));
    } else if (node.type === 'ExportNamedDeclaration') {
      isModule = true;
      if (node.source) return refuseImport(script, node, program, imports);
      for (const [name, value] of exportNamed(node, edits)) {
        if (!classes.has(value)) exported.set(name, imported.expressionOf(value));
        else if (name === DEFAULT_ENTRY) return refusal(script, node, CLASS, 'form');
      }
    }
  }
  if (!isModule) return { kind: 'body' };
  const [first] = body;
  if (exported.size === 0) return refusal(script, first ?? NO_NODE, NOTHING, 'form');
  const entries = [...exported.keys()];
  if (entries.length > MAX_ENTRIES || entries.some(({ length }) => length > MAX_ENTRY_CHARACTERS)) {
    const message = `the module exports more than ${MAX_ENTRIES} names, or one of more than ${MAX_ENTRY_CHARACTERS} characters`;
    return refusal(script, first ?? NO_NODE, message, 'form');
  }
  const results = [...exported].map(([name, value]) => {
    const isChosen = `${names.entry}===${JSON.stringify(name)}`;
    return `${name === DEFAULT_ENTRY ? `${names.entry}===void 0||${isChosen}` : isChosen}?${resultOf(value, names)}:`;
  });
  if (imports !== undefined) {
    const uses = imported.edit(program);
    if (uses.unlinked !== undefined) return refuseImport(script, uses.unlinked, program, imports);
    if (uses.computed !== undefined) return refusal(script, uses.computed, COMPUTED_IMPORT, 'syntax');
    if (uses.assigned !== undefined) return refusal(script, uses.assigned, ASSIGNED, 'syntax');
    edits.push(...uses.edits);
    edits.sort((a, b) => a.start - b.start || a.end - b.end);
  }
  const options = { isStrict: true, isAsync: awaits(body), libraries: imported.libraries };
  const result = `${results.join('')}void 0`;
  const pure = isStaged ? pureStatements(program, imports === 'linked') : NO_NODES;
  const moved = isStaged ? body.filter((node) => node.type === 'ImportDeclaration' || pure.has(node)) : [];
  const rewriting =
    moved.length === 0
      ? rewrite(script, headOf(names, options), edits, tailOf(result))
      : rewriteMoving(script, stagedHeadOf(names, options), edits, moved, tailOf(result, true));
  return {
    kind: 'rewritten',
    of: 'module',
    script,
    entries,
    libraries: imported.libraries,
    ...rewriting,
  };
}

const NO_NODES: ReadonlySet<Node> = new Set();

/** What imports more than libraries is linked, which is not done for every module. */
function refuseImport(script: string, node: Node, program: Program, imports: SourceImports | undefined): HandlerForm {
  const problem =
    imports === undefined ? undefined : refuseLinking(program, Math.max(LEAST_INDENTED, script.length * 8));
  return problem === undefined
    ? refusal(script, node, NOT_IMPORTED, 'import')
    : refusal(script, node, problem, 'syntax');
}

const NO_NODE: Node = { type: 'Program', start: 0, end: 0 };

/** @returns the expression for it */
function exportDefault(node: ExportDefaultDeclaration, script: string, held: string, edits: Edit[]): string {
  const { declaration } = node;
  if (declaration.type === 'FunctionDeclaration' && declaration.id !== null) {
    edits.push({ start: node.start, end: declaration.start, text: '' });
    return declaration.id.name;
  }
  const end = script[node.end - 1] === ';' ? node.end - 1 : node.end;
  edits.push({ start: node.start, end: endOfDefault(script, node.start), text: `const ${held}={default:` });
  edits.push({ start: end, end, text: '};' });
  return `${held}.default`;
}

/** Behind `export default`, between whose words comments may stand. */
function endOfDefault(script: string, start: number): number {
  const word = /export(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*default/y;
  word.lastIndex = start;
  word.test(script);
  return word.lastIndex;
}

/** @returns exported names, with the names of what they export */
function exportNamed(node: ExportNamedDeclaration, edits: Edit[]): [name: string, value: string][] {
  const { declaration, specifiers } = node;
  if (!declaration) {
    edits.push({ start: node.start, end: node.end, text: ';' });
    return specifiers.map(({ local, exported }) => [nameOf(exported), nameOf(local)]);
  }
  edits.push({ start: node.start, end: declaration.start, text: '' });
  const declared =
    declaration.type === 'VariableDeclaration'
      ? declaration.declarations.flatMap(({ id }) => namesOf(id))
      : [declaration.id.name];
  return declared.map((name) => [name, name]);
}

function nameOf(node: Identifier | Literal): string {
  return node.type === 'Identifier' ? node.name : String(node.value);
}

function classNamesOf(node: Node & { readonly declaration?: unknown; readonly id?: unknown }): string[] {
  if (node.type === 'ExportNamedDeclaration' && node.declaration) return classNamesOf(node.declaration as Node);
  return node.type === 'ClassDeclaration' && node.id ? [(node.id as Identifier).name] : [];
}

function isClass(node: Node, classes: ReadonlySet<string>): boolean {
  if (node.type === 'Identifier') return classes.has((node as Identifier).name);
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

/** Whether the top level waits: outside of functions. */
function awaits(nodes: readonly Node[]): boolean {
  const waiting = [...nodes];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && 'await' in node && node.await))
      return true;
    if (node.type === 'VariableDeclaration' && 'kind' in node && node.kind === 'await using') return true;
    if (!node.type.includes('Function')) for (const child of childrenOf(node)) waiting.push(child);
  }
  return false;
}
