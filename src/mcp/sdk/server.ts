/** The one file that imports the SDK's server. */
export type { McpServerFactory, ServerContext, StandardSchemaWithJSON } from '@modelcontextprotocol/server';
export {
  createMcpHandler,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  McpServer,
} from '@modelcontextprotocol/server';
export { serveStdio } from '@modelcontextprotocol/server/stdio';
