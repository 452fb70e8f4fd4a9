/**
 * Serves handlers over HTTP.
 *
 * @module nexus-runtime/server
 */
export type { NexusConfig } from './config-file.js';
export { createServer, type NexusServer, type RequestInfo } from './create-server.js';
export type { Listening, ListenOptions } from './http/listen.js';
export type { HttpProblemCode, ProblemBody } from './problem.js';
export type { ServeOptions, ServeToken } from './serve-options.js';
export type { ServerLogEntry, ServerOptions, ServerToken, TokenScope } from './server-options.js';
