import { NexusError } from '../../errors/nexus-error.js';

const SEGMENT = /^[A-Za-z_$][\w$]*$/;
/** What the language takes for something else, and what is ours. */
export const TAKEN = new Set([
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'then', 'toJSON'],
  ...['$search', '$describe'],
]);
const MAX_KEY = 200;

/**
 * The path under which programs have a tool: the parts of its key between dots, each made an identifier. `'create-issue'` is
 * `create_issue`, and `'2fa'` is `_2fa`.
 *
 * @throws NexusError INVALID_ARGUMENT
 */
export function pathOf(key: string): readonly string[] {
  if (key === '' || key.length > MAX_KEY) {
    throw invalid(key, `is empty or has more than ${MAX_KEY} characters; give it a name like "github.createIssue"`);
  }
  return key.split('.').map((part) => {
    const name = identifierOf(part);
    if (name === '' || TAKEN.has(name)) {
      const what =
        part === '' ? 'has an empty part between its dots' : `has the part "${part}", which is no name of a tool`;
      throw invalid(key, `${what}; rename it`);
    }
    return name;
  });
}

function identifierOf(part: string): string {
  if (SEGMENT.test(part)) return part;
  const name = part.replaceAll(/[^\w$]+/g, '_');
  if (/^_*$/.test(name)) return '';
  return /^\d/.test(name) ? `_${name}` : name;
}

function invalid(key: string, why: string): NexusError {
  return new NexusError('INVALID_ARGUMENT', `The key ${JSON.stringify(key.slice(0, MAX_KEY))} of a tool ${why}.`, {
    context: { field: 'tools', value: key },
  });
}

/** @throws NexusError INVALID_ARGUMENT if two keys lead to one path, or one to a part of another's */
export function requireDistinct(paths: ReadonlyMap<string, string>): void {
  const keys = new Map<string, string>();
  for (const [key, path] of paths) {
    const other = keys.get(path);
    if (other !== undefined) throw same(other, key, path);
    keys.set(path, key);
  }
  for (const [path, key] of keys) {
    for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1)) {
      const group = path.slice(0, end);
      const other = keys.get(group);
      if (other === undefined) continue;
      const message = `The tool ${JSON.stringify(key)} is within ${JSON.stringify(other)}: tools.${group} cannot be a tool and a group of tools. Rename one.`;
      throw new NexusError('INVALID_ARGUMENT', message, {
        context: { field: 'tools', keys: [other, key], path: group },
      });
    }
  }
}

function same(one: string, other: string, path: string): NexusError {
  const message = `The tools ${JSON.stringify(one)} and ${JSON.stringify(other)} would both be tools.${path} in programs. Rename one.`;
  return new NexusError('INVALID_ARGUMENT', message, { context: { field: 'tools', keys: [one, other], path } });
}
