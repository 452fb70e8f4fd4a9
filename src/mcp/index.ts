/**
 * What `nexus mcp` is made of: servers of MCP and OpenAPI documents as two tools.
 *
 * @module nexus-runtime/mcp
 */

export type { PendingApproval } from '../code-mode/calls/approval.js';
export { createCodeMode } from '../code-mode/create-code-mode.js';
export type { CodeMode } from '../code-mode/programs.js';
export { type McpConfig, openApiAlone, readMcpConfig } from './config/mcp-config.js';
export { type FrontOptions, frontFactory } from './front/front.js';
export { createMcpHandler, serveStdio } from './sdk/server.js';
export { openTools, type WrappedTools } from './tools.js';
export { endAll as endServers } from './wrapped/server-process.js';
