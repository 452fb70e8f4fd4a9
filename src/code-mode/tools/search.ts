import { type Declared, declarationOf } from './declarations.js';
import { nearNames, wordsOf } from './near-names.js';

const MAX_FOUND = 10;
const MAX_TEXT = 200;
const MAX_DESCRIPTION = 120;
const DESCRIBED_DEPTH = 8;

/** Tools that have the words of a text in their names or descriptions, best first. */
export function searchTools(
  text: unknown,
  tools: readonly Declared[],
): { readonly name: string; readonly description: string }[] {
  if (typeof text !== 'string') throw new TypeError('tools.$search takes a text: tools.$search("create issue")');
  const words = wordsOf(text.slice(0, MAX_TEXT));
  return tools
    .map((tool) => ({ tool, score: scoreOf(tool, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_FOUND)
    .map(({ tool: { path, description = '' } }) => ({
      name: path,
      description: description.slice(0, MAX_DESCRIPTION),
    }));
}

/** A name counts more than a description, and a whole word more than its beginning. */
function scoreOf({ path, description = '' }: Declared, words: readonly string[]): number {
  const name = wordsOf(path);
  const told = wordsOf(description);
  return words.reduce((sum, word) => {
    if (name.includes(word)) return sum + 4;
    if (name.some((one) => one.startsWith(word) || word.startsWith(one))) return sum + 3;
    if (told.includes(word)) return sum + 2;
    return told.some((one) => one.startsWith(word)) ? sum + 1 : sum;
  }, 0);
}

/** The declaration of a tool. @throws TypeError that names near ones */
export function describeTool(name: unknown, tools: readonly Declared[]): string {
  if (typeof name !== 'string')
    throw new TypeError('tools.$describe takes the name of a tool: tools.$describe("github.createIssue")');
  const path = name.replace(/^tools\./, '');
  const tool = tools.find((one) => one.path === path);
  if (tool !== undefined) return declarationOf(tool, DESCRIBED_DEPTH);
  throw new TypeError(
    noSuchTool(
      path,
      nearNames(
        path,
        tools.map((one) => one.path),
      ),
    ),
  );
}

/** The message for a name that no tool has. */
export function noSuchTool(path: string, near: readonly string[]): string {
  const help =
    near.length === 0
      ? 'tools.$search(text) finds tools'
      : `did you mean ${near.map((one) => `tools.${one}`).join(', ')}?`;
  return `There is no tool ${path.slice(0, MAX_TEXT)}; ${help}`;
}
