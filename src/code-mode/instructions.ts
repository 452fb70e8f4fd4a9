import { type DeclarationOptions, type Declared, declare } from './tools/declarations.js';

const RULES = `Write one program in JavaScript or TypeScript that does the whole task, and send it as \`code\`. It is the body of an async function:
- Call tools as \`await tools.name({ … })\`, with one object. Independent calls go together: \`await Promise.all([…])\`.
- \`return\` what you need to see, and no more: filter, count and join in the program. \`console.log\` is shown, too.
- A call that fails throws; catch it if the program can go on without it.
- There are no imports, no files and no network but the tools. Timers and the language itself are there.`;
const APPROVALS =
  '- A call that needs an approval may wait for days. Its `await` goes on by itself, and throws if it is rejected: do not ask again.';
const SESSION =
  '- `session.state` is an object that the next programs of this conversation find again: `session.state.name = value`.';

/** What a model is told of programs and of what they can call. */
export function instructionsOf(
  tools: readonly Declared[],
  options: DeclarationOptions,
  parts: { readonly hasApproval: boolean; readonly hasSession: boolean },
): string {
  const { text, left } = declare(tools, options);
  const isWaiting =
    parts.hasApproval || tools.some(({ needsApproval }) => needsApproval !== undefined && needsApproval !== false);
  const more =
    left.length === 0
      ? ''
      : '\nTools that are only named are found by `tools.$search(text)`, and declared by `tools.$describe(name)`.';
  const rules = [RULES, ...(isWaiting ? [APPROVALS] : []), ...(parts.hasSession ? [SESSION] : [])].join('\n');
  return `${rules}\n\n\`\`\`ts\n${text}\n\`\`\`${more}`;
}
