import { expect, it } from 'vitest';

import { createTestRuntime } from '#src/testing/index.js';
import { CASES, DIFFERENCES } from './platform-cases.js';

const ALL = Object.values(CASES).flat();

/** What an expression gives: its value as JSON, or the name of the error. */
const DESCRIBE = `async (evaluate) => {
  try {
    const value = await evaluate();
    return JSON.stringify(value === undefined ? "undefined" : typeof value === "object" && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype ? "an object" : value, (_, each) => each === undefined ? "undefined" : each);
  } catch (error) {
    return "throws " + (typeof error === "object" && error !== null ? error.name : String(error));
  }
}`;

it('Headers, Request, Response and abort do as in Node, but for what is listed', async () => {
  const runtime = await createTestRuntime({ inWorker: false });
  const list = ALL.map((expression) => `() => (${expression})`).join(',\n');
  const handler = `const describe = ${DESCRIBE};\nconst results = [];\nfor (const each of [${list}]) results.push(await describe(each));\nreturn results`;
  const result = await runtime.runHandler(handler, { timeoutMs: 20_000 });
  expect(result.error).toBeUndefined();
  const seen = result.returnValue as string[];
  const describeInNode = new Function(`return ${DESCRIBE}`)() as (evaluate: () => unknown) => Promise<string>;
  const different: string[] = [];
  for (const [i, expression] of ALL.entries()) {
    const expected = await describeInNode(new Function(`return (${expression})`) as () => unknown);
    if (seen[i] !== expected) different.push(`${expression}\n  handler: ${seen[i]}\n  Node:    ${expected}`);
  }
  const share = ((ALL.length - different.length) / ALL.length) * 100;
  console.log(
    `${ALL.length - different.length} of ${ALL.length} cases as in Node (${share.toFixed(1)} %)\n${different.join('\n')}`,
  );
  // Another version of Node may differ in fewer.
  expect(different.filter((text) => !Object.hasOwn(DIFFERENCES, text.split('\n')[0] ?? ''))).toEqual([]);
  await runtime.shutdown();
});
