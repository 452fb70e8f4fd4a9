import type { ForOfStatement } from 'acorn';

import { adderOf, isUsing, writeDisposing } from './disposing.js';
import { mentionedNames, namesOf } from './names.js';
import type { Writer } from './writer.js';

/** Binds or assigns the value of one iteration, and runs the body. */
export function writeIteration(writer: Writer, loop: ForOfStatement, value: string, prefix: string): void {
  const { left, body } = loop;
  if (left.type !== 'VariableDeclaration') {
    writer.add('(');
    writer.range(left.start, left.end);
    writer.add(`=${value});`);
  } else if (isUsing(left)) {
    writeDisposing(writer, left.kind === 'await using', prefix, (scope) => {
      const id = left.declarations[0]?.id ?? left;
      writer.add('const ');
      writer.range(id.start, id.end);
      writer.add(`=${scope}.${adderOf(left)}(${value});`);
      writer.range(body.start, body.end);
    });
    return;
  } else {
    writer.range(left.start, left.end);
    writer.add(`=${value};`);
  }
  writer.range(body.start, body.end);
}

/** A declaration in front of that of the items: in their expression, the names of the head do not exist yet. */
export function unborn({ left, right }: ForOfStatement): string {
  if (left.type !== 'VariableDeclaration' || left.kind === 'var') return '';
  const mentioned = mentionedNames(right);
  const names = left.declarations.flatMap(({ id }) => namesOf(id)).filter((name) => mentioned.has(name));
  return names.map((name) => `,${name}=0`).join('');
}
