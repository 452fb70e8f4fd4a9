import type { AsyncResult } from '../../api/answers.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { Run, RunDescription, RunFilter } from '../../runtime/durable/run-types.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { Route, RouteCall } from '../http/pipeline.js';
import { Problem } from '../problem.js';
import { readExecuteRequest, requireFields, requireOwnTenant, visibleTenant, wrong } from '../requests.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const DEFAULT_WAIT_MS = 30_000;
/** Proxies end what answers later. */
const MAX_WAIT_MS = 60_000;

/** `POST /runs`: starts a durable run. The same id with the same code and input again is the same run. */
export function startRunRoute(runtime: NexusRuntime, takesArtifacts: boolean, basePath: string): Route {
  return async (call) => {
    const code = takesArtifacts ? 'source or artifact' : 'source';
    const request = readExecuteRequest(await call.json(), { identity: call.identity, code, kind: 'start' });
    const { runId } = request.options as { readonly runId?: unknown };
    if (typeof runId === 'string') await requireOwnOrNew(runtime, call, runId);
    const run = await runtime.start(request.code as string | Uint8Array, request.context, request.options);
    return call.respond({ runId: run.runId }, 201, { location: `${basePath}/runs/${run.runId}` });
  };
}

/** `GET /runs`. */
export function listRunsRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const query = call.exchange.query();
    const { state, handlerName, tenant: asked, after, limit = String(DEFAULT_LIMIT), ...unknown } = query;
    const [unknownName] = Object.keys(unknown);
    if (unknownName !== undefined)
      throw new Problem(422, 'INVALID_ARGUMENT', `There is no filter ${JSON.stringify(unknownName.slice(0, 200))}.`, {
        field: unknownName.slice(0, 200),
      });
    const most = Number(limit);
    if (!Number.isInteger(most) || most < 1 || most > MAX_LIMIT)
      throw wrong('limit', limit, `a whole number from 1 to ${MAX_LIMIT}`);
    const own = visibleTenant(call.identity);
    requireOwnTenant(own, asked);
    const tenant = own ?? asked;
    const filter = {
      ...(state !== undefined && { state }),
      ...(handlerName !== undefined && { handlerName }),
      ...(tenant !== undefined && { tenant }),
      ...(after !== undefined && { after }),
    } as RunFilter;
    const runs = [];
    let isCut = false;
    for await (const run of runtime.listRuns(filter)) {
      isCut = runs.length === most;
      if (isCut) break;
      // Nobody knows whose a damaged one is.
      if (own === undefined || run.tenant === own) runs.push(run);
    }
    return call.respond({ runs, isCut, ...(isCut && { next: runs.at(-1)?.suspensionId }) });
  };
}

/** `GET /runs/:id`. */
export function showRunRoute(runtime: NexusRuntime): Route {
  return async (call) => call.respond((await ownRun(runtime, call)).description);
}

/** `GET /runs/:id/result?timeoutMs=…`: waits for the end. */
export function runResultRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const given = call.exchange.query()['timeoutMs'] ?? String(DEFAULT_WAIT_MS);
    const timeoutMs = Number(given);
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > MAX_WAIT_MS)
      throw wrong('timeoutMs', given, `a whole number from 1 to ${MAX_WAIT_MS}`);
    const { run } = await ownRun(runtime, call);
    return call.respond(await run.result({ timeoutMs, signal: call.signal }));
  };
}

/** `GET /runs/:id/history`: what this process saw of it. */
export function runHistoryRoute(runtime: NexusRuntime): Route {
  return async (call) => call.respond(await (await ownRun(runtime, call)).run.history());
}

/** `DELETE /runs/:id`. */
export function cancelRunRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const { run } = await ownRun(runtime, call);
    return call.respond({ cancelled: await run.cancel() });
  };
}

/** `POST /runs/:id/calls/:call`: answers a call. It may be repeated. */
export function answerRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const body = await call.json();
    requireFields(body, '', ['success', 'value', 'error']);
    if (typeof body['success'] !== 'boolean') throw wrong('success', body['success'], 'true or false');
    const { run } = await ownRun(runtime, call);
    const outcome = await runtime.completeCall(
      `${run.runId}:${call.exchange.param('call')}`,
      body as unknown as AsyncResult,
    );
    if (outcome === 'unknown')
      throw new Problem(404, 'NOT_FOUND', 'The run has not made such a call.', { field: 'call' });
    if (outcome === 'ended')
      throw new Problem(409, 'SUSPENSION_SETTLED', 'The run has ended; the answer was not used.');
    return call.respond({ outcome });
  };
}

/** `POST /runs/:id/signals`: tells a run something by name. With an id it may be repeated. */
export function signalRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const body = await call.json();
    requireFields(body, '', ['name', 'payload', 'id']);
    const { name, payload, id } = body;
    if (typeof name !== 'string') throw wrong('name', name, 'the name of a signal');
    if (id !== undefined && typeof id !== 'string') throw wrong('id', id, 'a text');
    const { run } = await ownRun(runtime, call);
    const outcome = await run.signal(name, payload, id === undefined ? {} : { id });
    if (outcome === 'unknown') throw new Problem(404, 'SUSPENSION_NOT_FOUND', `There is no run ${run.runId}.`);
    if (outcome === 'ended')
      throw new Problem(409, 'SUSPENSION_SETTLED', 'The run has ended; the signal was not used.');
    return call.respond({ outcome });
  };
}

/** `POST /runs/:id/retry`: lets a run that failed go on from its last good step. */
export function retryRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const { run } = await ownRun(runtime, call);
    const outcome = await run.retry();
    if (outcome === 'waiting')
      throw new Problem(409, 'SUSPENSION_BUSY', 'The run has not ended; there is nothing to retry.');
    if (outcome === 'ended')
      throw new Problem(409, 'SUSPENSION_SETTLED', 'The run did not fail, or what a retry needs is no longer kept.');
    return call.respond({ outcome });
  };
}

/** A run of another tenant is as if there were none. */
async function ownRun(
  runtime: NexusRuntime,
  { exchange, identity }: RouteCall,
): Promise<{ readonly run: Run; readonly description: RunDescription }> {
  const id = exchange.param('id') ?? '';
  const run = runtime.getRun(id);
  const description = await run.describe().catch((error: unknown) => {
    throw isNoRun(error) ? noRun(id) : error;
  });
  const tenant = visibleTenant(identity);
  if (tenant === undefined || description.tenant === tenant) return { run, description };
  throw noRun(id);
}

function isNoRun(error: unknown): boolean {
  return error instanceof NexusError && error.code === 'SUSPENSION_NOT_FOUND';
}

function noRun(id: string): Problem {
  const detail = `There is no run ${id}: it was never started, or its result is no longer kept (outcomeRetentionMs).`;
  return new Problem(404, 'SUSPENSION_NOT_FOUND', detail);
}

/** Starting a run again tells whether its code and input are the same, which is nobody's business but its tenant's. */
async function requireOwnOrNew(runtime: NexusRuntime, { identity }: RouteCall, runId: string): Promise<void> {
  const tenant = visibleTenant(identity);
  if (tenant === undefined) return;
  const found = await runtime
    .getRun(runId)
    .describe()
    .catch((error: unknown) => {
      if (isNoRun(error)) return undefined;
      throw error;
    });
  if (found !== undefined && found.tenant !== tenant) {
    throw new Problem(409, 'RUN_EXISTS', `The id ${runId} is taken. Use another runId.`, { field: 'options.runId' });
  }
}
