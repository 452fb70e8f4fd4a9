import { Authentication, type Caller } from '../../server/access/authentication.js';
import { RateLimiter } from '../../server/access/rate-limiter.js';
import { HttpListener, type Listening, requireLoopback } from '../../server/http/listen.js';
import { Problem } from '../../server/problem.js';
import { performance } from '../../support/timers.js';

type Factory = ReturnType<typeof import('../../mcp/index.js')['frontFactory']>;

const PATH = '/mcp';

/**
 * Serves MCP over streamable HTTP. Without a token only programs of this machine are served, as `nexus serve` does it: no other address, no
 * proxy, no page of a browser, and no other name, which could lead here.
 *
 * @throws NexusError INVALID_CONFIG naming the port, the host or the token
 */
export async function listenForMcp(
  factory: Factory,
  {
    port,
    host,
    token,
  }: { readonly port: number; readonly host: string | undefined; readonly token: string | undefined },
): Promise<{ readonly at: Listening; close(): Promise<void> }> {
  const tokens = token === undefined ? [] : [{ name: 'default', token, scopes: ['admin' as const] }];
  const authentication = new Authentication({ tokens }, new RateLimiter(() => performance.now()));
  if (token === undefined) requireLoopback(host);
  const { createMcpHandler } = await import('../../mcp/index.js');
  const handler = createMcpHandler(factory);
  const listener = await HttpListener.open(
    async (request, bindings) => {
      try {
        const caller: Caller = {
          remoteAddress: bindings.incoming?.socket.remoteAddress,
          header: (name) => request.headers.get(name) ?? undefined,
        };
        authentication.identify(caller);
        if (new URL(request.url).pathname !== PATH) return answer(404, `MCP is served at ${PATH}`);
        return await handler.fetch(request);
      } catch (error) {
        if (error instanceof Problem) return answer(error.status, error.message, error.headers);
        throw error;
      }
    },
    { port, ...(host !== undefined && { host }) },
  );
  const { address } = listener;
  return {
    at: { ...address, url: `${address.url}${PATH}` },
    async close() {
      await handler.close();
      await listener.close();
    },
  };
}

/** As clients of MCP read it. */
function answer(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  const body = { jsonrpc: '2.0', error: { code: -32_000, message }, id: null };
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}
