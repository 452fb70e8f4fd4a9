import type { WasmResult } from '../../api/result.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { TextReply } from '../http/exchange.js';
import type { Route, RouteCall } from '../http/pipeline.js';
import { Problem, problemOfResult } from '../problem.js';
import { readExecuteRequest, readResumeOptions, requireFields, visibleTenant, wrong } from '../requests.js';

/** `POST /execute`: one execution, of source or of an artifact. */
export function executeRoute(runtime: NexusRuntime, takesArtifacts: boolean): Route {
  return async (call) => {
    const code = takesArtifacts ? 'source or artifact' : 'source';
    const request = readExecuteRequest(await call.json(), { identity: call.identity, code, kind: 'execute' });
    const options = { ...request.options, signal: call.signal };
    const result =
      typeof request.code === 'string'
        ? await runtime.executeHandler(request.code, request.context, options)
        : await runtime.executeCompiledHandler(request.code as Uint8Array, request.context, options);
    return respondResult(call, result);
  };
}

/** @throws Problem for results of which the server has to say more */
export function respondResult(call: RouteCall, result: WasmResult): TextReply {
  const problem = problemOfResult(result);
  if (problem !== undefined) throw problem;
  return call.respond(result);
}

/** `POST /suspensions/:id/resume`: goes on with a handler that `/execute` has suspended. */
export function resumeRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const body = await call.json();
    requireFields(body, '', ['answer', 'answers', 'options']);
    const { answer, answers, options: given = {} } = body;
    const options = readResumeOptions(given, call.identity);
    if (answer !== undefined && answers !== undefined)
      throw new Problem(422, 'INVALID_ARGUMENT', 'There are both answer and answers; give one of them.', {
        field: 'answers',
      });
    const id = await ownSuspension(runtime, call);
    const told = answer ?? answers ?? [];
    if (typeof told !== 'object')
      throw wrong(answer === undefined ? 'answers' : 'answer', told, 'an answer, or a list of answers');
    const result = await runtime.resumeHandler(id, told as [], { ...options, ...tenantOf(call), signal: call.signal });
    return respondResult(call, result);
  };
}

/** `DELETE /suspensions/:id`. */
export function cancelSuspensionRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const id = await ownSuspension(runtime, call);
    return call.respond({ cancelled: await runtime.cancelSuspension(id) });
  };
}

/** Of another tenant it is as if there were none. */
async function ownSuspension(runtime: NexusRuntime, { exchange, identity }: RouteCall): Promise<string> {
  const id = exchange.param('id') ?? '';
  const found = await runtime.inspectSuspension(id);
  const tenant = visibleTenant(identity);
  if (found === undefined || (tenant !== undefined && found.tenant !== tenant)) {
    throw new Problem(404, 'SUSPENSION_NOT_FOUND', `There is no suspended handler ${id}.`);
  }
  return id;
}

function tenantOf({ identity: { tenant } }: RouteCall): { readonly tenant?: string } {
  return tenant === undefined ? {} : { tenant };
}

const COMPILE_KEYS = ['filename', 'wrap', 'returnLastExpression', 'normalise'];

/** `POST /precompile`: an artifact, and what it needs. */
export function precompileRoute(runtime: NexusRuntime): Route {
  return async (call) => {
    const body = await call.json();
    requireFields(body, '', ['code', 'options']);
    const { code, options = {} } = body;
    if (typeof code !== 'string') throw wrong('code', code, 'the source of a handler');
    requireFields(options, 'options', COMPILE_KEYS);
    const artifact = await runtime.precompileHandler(code, options);
    const description = await runtime.describeHandler(code, options);
    return call.respond({ artifact: Buffer.from(artifact).toString('base64'), ...description });
  };
}
