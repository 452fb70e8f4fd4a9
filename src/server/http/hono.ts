// The one file that imports Hono.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, Hono } from 'hono';

/** What stands beside a request. */
export interface Bindings {
  /** Of Node's HTTP server. Absent where the server is mounted elsewhere. */
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
  /** The address of the client, as who mounts the server knows it. */
  readonly remoteAddress?: string;
}

export type ServerContext = Context<{ Bindings: Bindings }>;
export type ServerApp = Hono<{ Bindings: Bindings }>;

export function newApp(): ServerApp {
  return new Hono<{ Bindings: Bindings }>();
}
