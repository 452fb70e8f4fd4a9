import type { NodeCompatibilityOptions } from '../api/options.js';
import { describe, invalidOption, type Keys, rejectUnknownKeys, requireObject } from './check.js';

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
    throw invalidOption('libraries.node', 'a library', 'absent with the option node, which has this name');
  }
  if (node === true) return { env: {} };
  requireObject('node', node);
  rejectUnknownKeys(node, Object.keys(KEYS), 'node.');
  const { env = {} } = node as NodeCompatibilityOptions;
  requireObject('node.env', env);
  let characters = 0;
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== 'string') throw invalidOption(`node.env.${name}`, describe(value), 'a string');
    characters += name.length + value.length;
  }
  if (characters > MAX_ENV_CHARACTERS) {
    throw invalidOption('node.env', `${characters} characters`, `at most ${MAX_ENV_CHARACTERS} characters in all`);
  }
  return Object.freeze({ env: Object.freeze({ ...env }) });
}
