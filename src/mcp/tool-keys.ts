import { pathOf } from '../code-mode/tools/tool-names.js';

/**
 * Keys for tools of one source: `source.tool`. Names come from somebody else, so what is no name becomes one, and of two that would be the same
 * the second gets a number.
 *
 * @returns keys in the order of the names, and notes on those that were changed
 */
export function keysOf(
  source: string,
  names: readonly string[],
): { readonly keys: readonly string[]; readonly notes: readonly string[] } {
  const taken = new Set<string>();
  const notes: string[] = [];
  const keys = names.map((name, index) => {
    const wanted = identifierOf(name) ?? `tool_${index + 1}`;
    let key = wanted;
    for (let count = 2; taken.has(key); count++) key = `${wanted}_${count}`;
    taken.add(key);
    if (key !== wanted)
      notes.push(
        `${source}: ${JSON.stringify(name.slice(0, 100))} is tools.${source}.${key}, because another tool is ${wanted}`,
      );
    return `${source}.${key}`;
  });
  return { keys, notes };
}

const MAX_NAME = 100;

function identifierOf(name: string): string | undefined {
  try {
    const [path = ''] = pathOf(name.slice(0, MAX_NAME).replaceAll('.', '_'));
    return path;
  } catch {
    return undefined;
  }
}
