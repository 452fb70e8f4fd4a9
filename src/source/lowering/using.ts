import type { BlockStatement, ForOfStatement, ForStatement, Node, Statement, StaticBlock } from 'acorn';

import { adderOf, isUsing, scopeName, type UsingDeclaration, writeDisposing } from './disposing.js';
import { unborn, writeIteration } from './iteration.js';
import { namesOf } from './names.js';
import type { Target } from './writer.js';

/** A block, function body or static block whose own statements include `using`. */
export function lowerBlock(block: BlockStatement | StaticBlock, prefix: string): Target {
  const target: Target = {
    node: block,
    render(writer) {
      const first = firstStatement(block.body);
      const start = first?.start ?? block.end - 1;
      writer.copy(block.start, start);
      const write = () => writer.range(start, block.end - 1, target);
      writeDisposing(writer, block.body.some(isAsyncUsing), prefix, write, ['', '']);
      writer.copy(block.end - 1, block.end);
    },
  };
  return target;
}

/** Directives stay at the start of their function. */
function firstStatement(body: readonly Statement[]): Statement | undefined {
  return body.find((statement) => statement.type !== 'ExpressionStatement' || !('directive' in statement));
}

function isAsyncUsing(node: Node): boolean {
  return isUsing(node) && node.kind === 'await using';
}

/**
 * `using a = x, b = y` in a rewritten block: `const a = x,$0=u.add(a), b = y,$1=u.add(b)`, in which a
 * function gets its name.
 */
export function lowerDeclaration(declaration: UsingDeclaration, prefix: string): Target {
  return {
    node: declaration,
    render(writer) {
      const { declarations } = declaration;
      writer.add('const ');
      let at = declarations[0]?.start ?? declaration.start;
      for (const { id, init, start, end } of declarations) {
        if (init == null) continue;
        writer.copy(at, init.start);
        // Up to the end of the declaration: surrounding parentheses are not part of the expression.
        writer.range(init.start, end);
        const [name] = namesOf(id);
        writer.add(`,${prefix}${start}=${scopeName(prefix)}.${adderOf(declaration)}(${name})`);
        at = end;
      }
      writer.copy(at, declaration.end);
    },
  };
}

/** `for (using x = …; …; …)`: the resource is disposed of when the loop ends. */
export function lowerFor(
  loop: ForStatement & { readonly init: UsingDeclaration },
  labelled: Node,
  prefix: string,
): Target {
  return {
    node: labelled,
    render(writer) {
      writeDisposing(writer, loop.init.kind === 'await using', prefix, () => {
        writer.range(loop.init.start, loop.init.end);
        writer.add(';');
        writer.copy(labelled.start, loop.start);
        writer.add('for(');
        writer.range(loop.init.end, loop.end);
      });
    },
  };
}

/** `for (using x of …)`: the resource is disposed of at the end of each iteration. */
export function lowerForOf(loop: ForOfStatement, labelled: Node, prefix: string): Target {
  const value = `${prefix}v`;
  const items = `${prefix}i`;
  const names = unborn(loop);
  return {
    node: names === '' ? loop : labelled,
    render(writer) {
      if (names !== '') {
        writer.add(`{const ${items}=(`);
        writer.range(loop.right.start, loop.right.end);
        writer.add(`)${names};`);
        writer.copy(labelled.start, loop.start);
        writer.add(`for(const ${value} of ${items})`);
      } else {
        writer.copy(loop.start, loop.left.start);
        writer.add(`const ${value}`);
        writer.range(loop.left.end, loop.body.start);
      }
      writeIteration(writer, loop, value, prefix);
      if (names !== '') writer.add('}');
    },
  };
}
