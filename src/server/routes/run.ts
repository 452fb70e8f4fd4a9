import type { WasmContext } from '../../api/context.js';
import type { Extension } from '../../api/extension.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { HandlerSet } from '../../runtime/manifest/handler-set.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { RunOptions } from '../../runtime/run/run-options.js';
import type { HttpReply } from '../http/exchange.js';
import type { Route, RouteCall } from '../http/pipeline.js';
import { Problem } from '../problem.js';
import { readExecuteRequest } from '../requests.js';
import { respondResult } from './execute.js';
import type { RunStream } from './run-stream.js';
import type { RunStreams, StartRun } from './streams.js';

export interface RunRoutes {
  readonly runtime: NexusRuntime;
  readonly streams: RunStreams;
  readonly extensions: Readonly<Record<string, Extension>>;
  readonly takesArtifacts: boolean;
  readonly basePath: string;
}

const EVENT_ID = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})$/;

/** `POST /run`: a handler to its end, with the extensions of the server, as a stream of events or as one result. */
export function runRoute(routes: RunRoutes): Route {
  return async (call) => {
    const continued = continuedStream(call, routes.streams);
    if (continued !== undefined) return respondStream(continued.stream, continued.after, routes.basePath);
    const code = routes.takesArtifacts ? 'source or artifact' : 'source';
    const request = readExecuteRequest(await call.json(), { identity: call.identity, code, kind: 'run' });
    return answer(call, routes, wantsEvents(call, true), (options) =>
      routes.runtime.run(request.code as string | Uint8Array, request.context, { ...request.options, ...options }),
    );
  };
}

/** `GET /run/:id`: goes on reading a stream behind `Last-Event-ID`. */
export function continueRoute({ streams, basePath }: RunRoutes): Route {
  return (call) => {
    const id = call.exchange.param('id') ?? '';
    const given = call.exchange.header('last-event-id');
    const event = given === undefined ? undefined : eventOf(given);
    if (event !== undefined && event.id !== id)
      throw new Problem(422, 'INVALID_ARGUMENT', 'Last-Event-ID is of another stream.', { field: 'last-event-id' });
    return respondStream(streams.get(id, call.identity.key), event?.after ?? 0, basePath);
  };
}

/** `POST /handlers/:name`: a handler of the build, to its end. */
export function handlerRoute(routes: RunRoutes, handlers: HandlerSet | undefined): Route {
  return async (call) => {
    const name = call.exchange.param('name') ?? '';
    const request = readExecuteRequest(await call.json(), { identity: call.identity, code: 'none', kind: 'run' });
    if (handlers === undefined || !handlers.has(name))
      throw new Problem(404, 'NOT_FOUND', `There is no handler ${JSON.stringify(name.slice(0, 200))}.`, {
        field: 'name',
      });
    const context: WasmContext = { handlerName: name, ...request.context };
    return answer(call, routes, wantsEvents(call, false), (options) =>
      handlers.run(name, context, { ...request.options, ...options }).catch(faultOfBuild),
    );
  };
}

/** A build that was changed since is a fault of the server. Its paths are for the operator, not for clients. */
function faultOfBuild(error: unknown): never {
  if (!(error instanceof NexusError) || !(error.code === 'INVALID_ARTIFACT' || error.code === 'ENGINE_MISMATCH'))
    throw error;
  throw new NexusError('INTERNAL_ERROR', error.message, { cause: error });
}

async function answer(
  call: RouteCall,
  { streams, extensions, basePath }: RunRoutes,
  isStream: boolean,
  start: StartRun,
): Promise<HttpReply> {
  const startWith: StartRun = (options) => start({ ...options, extensions } as RunOptions);
  if (!isStream) return respondResult(call, await startWith({ signal: call.signal }));
  return respondStream(streams.start(call.identity.key, startWith), 0, basePath);
}

function respondStream(stream: RunStream, after: number, basePath: string): Response {
  return new Response(stream.read(after), {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // For proxies that would collect it.
      'x-accel-buffering': 'no',
      location: `${basePath}/run/${stream.id}`,
    },
  });
}

function wantsEvents({ exchange }: RouteCall, byDefault: boolean): boolean {
  const accept = exchange.header('accept') ?? '*/*';
  if (accept.includes('text/event-stream')) return true;
  return byDefault && !accept.includes('application/json');
}

function continuedStream(
  { exchange, identity }: RouteCall,
  streams: RunStreams,
): { readonly stream: RunStream; readonly after: number } | undefined {
  const given = exchange.header('last-event-id');
  if (given === undefined) return undefined;
  const { id, after } = eventOf(given);
  return { stream: streams.get(id, identity.key), after };
}

function eventOf(given: string): { readonly id: string; readonly after: number } {
  const [, id, number] = EVENT_ID.exec(given) ?? [];
  if (id !== undefined) return { id, after: Number(number) };
  throw new Problem(422, 'INVALID_ARGUMENT', 'Last-Event-ID is not the id of an event of this server.', {
    field: 'last-event-id',
  });
}
