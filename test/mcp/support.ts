import { fileURLToPath } from 'node:url';

import { type McpConfig, readMcpConfig } from '#src/mcp/index.js';

export const SERVER = fileURLToPath(new URL('servers/shop.mjs', import.meta.url));

/** Entries of `mcpServers`: servers of the tests, by name and behaviour. */
export function servers(modes: Readonly<Record<string, string>>, more: object = {}): object {
  return Object.fromEntries(
    Object.entries(modes).map(([name, mode]) => [name, { command: process.execPath, args: [SERVER, mode], ...more }]),
  );
}

export function configOf(content: object, env: NodeJS.ProcessEnv = {}): McpConfig {
  return readMcpConfig(content, '/home/ada/mcp.json', env);
}
