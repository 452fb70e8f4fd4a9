import { type Declared, declarationOf } from '../../code-mode/tools/declarations.js';
import { nearNames } from '../../code-mode/tools/near-names.js';
import { searchTools } from '../../code-mode/tools/search.js';

/** Clients pass descriptions on to models whose interfaces refuse longer ones. */
const MAX_DESCRIPTION = 1_024;
const MAX_FOUND_CHARACTERS = 8_000;
const MAX_NAMES = 100;
const DEPTHS = [6, 4, 2, 1];

/** What a model is told of `execute`. */
export function executeDescription(counts: ReadonlyMap<string, number>): string {
  const parts = (
    list: string,
  ) => `Runs a program that calls tools, and gives what it returns. There are: ${list}. Find them by \`search\` first.

\`code\` is JavaScript or TypeScript, the body of an async function that does the whole task. Call tools as \`await tools.source.name({ … })\`, independent ones together with Promise.all. Filter, count and join in the program, and \`return\` only what you need to see. A call that fails throws. There are no imports and no network but the tools.

Calls that change something may wait for an approval. The program then goes on by itself: do not send it again. \`resume\`, with the id of the run and without \`code\`, gives how it went on.`;
  return fitting(counts, parts);
}

/** What a model is told of `search`. */
export function searchDescription(counts: ReadonlyMap<string, number>): string {
  return fitting(
    counts,
    (list) =>
      `Finds tools for programs of \`execute\` by words, and gives their declarations in TypeScript. There are: ${list}. Search for what you want to do ("create issue"), or for a whole name ("tools.github.create_issue").`,
  );
}

/** With as many sources as fit. */
function fitting(counts: ReadonlyMap<string, number>, text: (list: string) => string): string {
  const all = [...counts].map(([name, count]) => `tools.${name} (${count})`);
  for (let shown = all.length; shown > 0; shown--) {
    const more = shown < all.length ? `, and ${all.length - shown} more sources` : '';
    const whole = text(`${all.slice(0, shown).join(', ')}${more}`);
    if (whole.length <= MAX_DESCRIPTION) return whole;
  }
  return text(`${all.length} sources`).slice(0, MAX_DESCRIPTION);
}

/** The declarations of tools that a query finds, best first, as many as fit; others by their names. */
export function foundText(query: string, tools: readonly Declared[]): string {
  const wanted = query.trim().replace(/^tools\./, '');
  const exact = tools.filter(({ path }) => path === wanted);
  const group = tools.filter(({ path }) => path.startsWith(`${wanted}.`));
  const byWords = searchTools(query, tools).flatMap(({ name }) => tools.find(({ path }) => path === name) ?? []);
  const found = [...new Set([...exact, ...byWords])];
  if (found.length === 0) return nothingFound(wanted, tools, group);
  const [best, ...others] = found as [Declared, ...Declared[]];
  const shown = [declared(best)];
  let length = (shown[0] as string).length;
  const left: string[] = [];
  for (const tool of others) {
    const text = declared(tool);
    if (exact.length > 0 || length + text.length > MAX_FOUND_CHARACTERS) left.push(`tools.${tool.path}`);
    else {
      shown.push(text);
      length += text.length;
    }
  }
  const more = left.length === 0 ? '' : `\n\nAlso: ${left.join(', ')}.`;
  return `${shown.join('\n\n')}${more}`;
}

/** `tools.shop.find(input: { … }): Promise<…>` below what it does; its types are as deep as fits. */
function declared(tool: Declared): string {
  let text = '';
  for (const depth of DEPTHS) {
    text = declarationOf(tool, depth, 0, `tools.${tool.path}`);
    if (text.length <= MAX_FOUND_CHARACTERS) break;
  }
  return text.slice(0, MAX_FOUND_CHARACTERS);
}

function nothingFound(wanted: string, tools: readonly Declared[], group: readonly Declared[]): string {
  const listed = group.length > 0 ? group : tools;
  const names = listed.slice(0, MAX_NAMES).map(({ path }) => `tools.${path}`);
  const more = listed.length > MAX_NAMES ? `, and ${listed.length - MAX_NAMES} more` : '';
  if (group.length > 0) return `tools.${wanted} has ${names.join(', ')}${more}.`;
  const near = nearNames(
    wanted,
    tools.map(({ path }) => path),
  );
  const like = near.length === 0 ? '' : ` Near: ${near.map((path) => `tools.${path}`).join(', ')}.`;
  return `Nothing was found for ${JSON.stringify(wanted.slice(0, 200))}.${like} There are ${names.join(', ')}${more}.`;
}
