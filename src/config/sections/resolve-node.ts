import { types } from 'node:util';
import type { NodeCompatibilityOptions } from '../../api/options.js';
import { NexusError } from '../../errors/nexus-error.js';
import { invalidOption, type Keys, rejectUnknownKeys, requireObject } from '../check.js';

/** What handlers have of Node. */
export interface NodeConfig {
  readonly env: Readonly<Record<string, string>>;
}

const KEYS: Keys<NodeCompatibilityOptions> = { env: true };
const MAX_ENV_CHARACTERS = 65_536;

/**
 * @returns undefined if handlers have nothing of Node
 * @throws NexusError INVALID_CONFIG
 */
export function resolveNode(node: unknown, libraries: object): NodeConfig | undefined {
  if (node === undefined || node === false) return undefined;
  if (Object.hasOwn(libraries, 'node')) {
    throw invalidOption(
      'libraries.node',
      (libraries as Record<string, unknown>)['node'],
      'absent with the option node, which has this name',
    );
  }
  if (node === true) return { env: {} };
  if (typeof node !== 'object' || node === null || Array.isArray(node)) {
    throw invalidOption('node', node, 'true, false or an object { env }');
  }
  rejectUnknownKeys(node, Object.keys(KEYS), 'node.');
  const { env = {} } = node as NodeCompatibilityOptions;
  requireObject('node.env', env);
  // A Map would be read as if it were empty.
  if (types.isMap(env)) throw invalidOption('node.env', env, 'an object of texts; Object.fromEntries(map) makes one');
  let characters = 0;
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== 'string') throw invalidOption(`node.env.${name}`, value, 'a string');
    characters += name.length + value.length;
  }
  if (characters > MAX_ENV_CHARACTERS) {
    throw new NexusError(
      'INVALID_CONFIG',
      `Option node.env has ${characters} characters; it may have ${MAX_ENV_CHARACTERS} in all, names and values together.`,
      { context: { option: 'node.env', value: characters, expected: `at most ${MAX_ENV_CHARACTERS} characters` } },
    );
  }
  return Object.freeze({ env: Object.freeze({ ...env }) });
}
