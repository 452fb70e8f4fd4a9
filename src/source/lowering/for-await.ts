import type { ForOfStatement, Node } from 'acorn';

import { FOR_AWAIT } from './globals.js';
import { unborn, writeIteration } from './iteration.js';
import type { Target } from './writer.js';

/**
 * `for await (const x of items) body` as a loop that requests each result and whose `finally` awaits the
 * closing of the iterator:
 *
 *     {const l=$forAwait(items);try{for(;;){if(l.isDone(await l.next()))break;const x=l.value;body}}
 *      catch(e){l.fail(e)}finally{if(l.isOpen)try{const r=l.close();if(r)l.check(await r.result)}catch(e){l.pass(e)}}}
 *
 * @param labelled the statement with its labels
 */
export function lowerForAwait(loop: ForOfStatement, labelled: Node, prefix: string): Target {
  const [state, error, result] = [`${prefix}l`, `${prefix}e`, `${prefix}r`];
  return {
    node: labelled,
    render(writer) {
      writer.add(`{const ${state}=${FOR_AWAIT}(`);
      writer.range(loop.right.start, loop.right.end);
      writer.add(`)${unborn(loop)};try{`);
      writer.copy(labelled.start, loop.start);
      writer.add(`for(;;){if(${state}.isDone(await ${state}.next()))break;`);
      writeIteration(writer, loop, `${state}.value`, prefix);
      writer.add(`}}catch(${error}){${state}.fail(${error})}`);
      writer.add(`finally{if(${state}.isOpen)try{const ${result}=${state}.close();`);
      writer.add(`if(${result})${state}.check(await ${result}.result)}catch(${error}){${state}.pass(${error})}}}`);
    },
  };
}
