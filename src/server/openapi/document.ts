import { SCHEMAS } from './schemas.js';

/** A route, as the description has it. */
interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** The name of a schema. */
  readonly body?: string;
  /** The status and the name of the schema of success; `undefined` is text. */
  readonly success: readonly [status: number, schema: string | undefined];
  /** Whether it answers with events, too. */
  readonly isStream?: boolean;
  readonly query?: Readonly<Record<string, 'integer' | 'string'>>;
  /** No token is needed. */
  readonly isOpen?: boolean;
}

const OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/execute',
    id: 'execute',
    summary: 'Executes a handler once',
    body: 'ExecuteRequest',
    success: [200, 'Result'],
  },
  {
    method: 'post',
    path: '/suspensions/{id}/resume',
    id: 'resume',
    summary: 'Goes on with a suspended handler',
    body: 'ResumeRequest',
    success: [200, 'Result'],
  },
  {
    method: 'delete',
    path: '/suspensions/{id}',
    id: 'cancelSuspension',
    summary: 'Cancels a suspended handler',
    success: [200, 'Cancelled'],
  },
  {
    method: 'post',
    path: '/run',
    id: 'run',
    summary: 'Runs a handler to its end, with the extensions of the server',
    body: 'RunRequest',
    success: [200, 'Result'],
    isStream: true,
  },
  {
    method: 'get',
    path: '/run/{id}',
    id: 'continueRun',
    summary: 'Goes on reading a stream behind Last-Event-ID',
    success: [200, undefined],
    isStream: true,
  },
  {
    method: 'post',
    path: '/precompile',
    id: 'precompile',
    summary: 'Compiles a handler, and says what it needs',
    body: 'PrecompileRequest',
    success: [200, 'Precompiled'],
  },
  {
    method: 'get',
    path: '/handlers',
    id: 'listHandlers',
    summary: 'Lists the handlers of the build',
    success: [200, 'Handlers'],
  },
  {
    method: 'post',
    path: '/handlers/{name}',
    id: 'callHandler',
    summary: 'Runs a handler of the build; its name may have slashes',
    body: 'HandlerRequest',
    success: [200, 'Result'],
    isStream: true,
  },
  {
    method: 'post',
    path: '/runs',
    id: 'startRun',
    summary: 'Starts a durable run',
    body: 'StartRequest',
    success: [201, 'RunStarted'],
  },
  {
    ...{ method: 'get', path: '/runs', id: 'listRuns', summary: 'Lists durable runs', success: [200, 'Runs'] },
    query: { state: 'string', handlerName: 'string', tenant: 'string', after: 'string', limit: 'integer' },
  },
  {
    method: 'get',
    path: '/runs/{id}',
    id: 'showRun',
    summary: 'Describes a durable run',
    success: [200, 'RunDescription'],
  },
  {
    method: 'delete',
    path: '/runs/{id}',
    id: 'cancelRun',
    summary: 'Cancels a durable run',
    success: [200, 'Cancelled'],
  },
  {
    method: 'get',
    path: '/runs/{id}/result',
    id: 'runResult',
    summary: 'Waits for the end of a durable run',
    success: [200, 'Result'],
    query: { timeoutMs: 'integer' },
  },
  {
    method: 'get',
    path: '/runs/{id}/history',
    id: 'runHistory',
    summary: 'What the server saw of a durable run',
    success: [200, 'RunHistory'],
  },
  {
    method: 'post',
    path: '/runs/{id}/calls/{call}',
    id: 'answerCall',
    summary: 'Answers a call of a durable run',
    body: 'Answer',
    success: [200, 'Answered'],
  },
  {
    method: 'post',
    path: '/runs/{id}/signals',
    id: 'signalRun',
    summary: 'Tells a durable run something by name; with an id it may be repeated',
    body: 'Signal',
    success: [200, 'Answered'],
  },
  {
    method: 'post',
    path: '/runs/{id}/retry',
    id: 'retryRun',
    summary: 'Lets a durable run that failed go on from its last good step',
    success: [200, 'Answered'],
  },
  {
    method: 'get',
    path: '/usage',
    id: 'usage',
    summary: 'What was used, by tenant and handler',
    success: [200, 'Facts'],
    query: { tenant: 'string' },
  },
  {
    method: 'get',
    path: '/stats',
    id: 'stats',
    summary: 'Figures of the runtime and the server; for admins',
    success: [200, 'Facts'],
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    summary: 'Metrics in the Prometheus text format',
    success: [200, undefined],
  },
  {
    method: 'get',
    path: '/healthz',
    id: 'health',
    summary: 'The process answers',
    success: [200, 'Status'],
    isOpen: true,
  },
  { method: 'get', path: '/readyz', id: 'ready', summary: 'It takes requests', success: [200, 'Status'], isOpen: true },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'openApi',
    summary: 'This description',
    success: [200, 'Facts'],
    isOpen: true,
  },
];

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request is malformed',
  401: 'It needs a token',
  403: 'The token does not allow it',
  404: 'There is no such thing',
  409: 'It contradicts what is there',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'A field is wrong; field names it',
  429: 'Too much at this time; Retry-After says when',
  503: 'The server is busy, or shuts down; Retry-After says when',
  504: 'The deadline has passed',
};

/** The description of the server in OpenAPI 3.1. @param isOpen whether it is used without a token */
export function openApiDocument({
  basePath,
  isOpen,
}: {
  readonly basePath: string;
  readonly isOpen: boolean;
}): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    const path = paths[operation.path] ?? {};
    path[operation.method] = describeOperation(operation, isOpen);
    paths[operation.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Nexus Runtime',
      version: '1',
      description:
        'Runs untrusted JavaScript handlers. What a handler does wrong is a result with status "error"; all else that goes wrong is a problem (RFC 9457).',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    paths,
    components: {
      schemas: SCHEMAS,
      responses: {
        Problem: {
          description: 'A problem',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    ...(!isOpen && { security: [{ token: [] }] }),
  };
}

function describeOperation(operation: Operation, isOpen: boolean): Readonly<Record<string, unknown>> {
  const { id, summary, path, body, success, isStream, query = {} } = operation;
  const [status, schema] = success;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(query).map(([name, type]) => ({ name, in: 'query', schema: { type } })),
    ...(isStream ? [{ name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } }] : []),
  ];
  const content = {
    ...(schema !== undefined && { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } }),
    ...(schema === undefined && !isStream && { 'text/plain': { schema: { type: 'string' } } }),
    ...(isStream && { 'text/event-stream': { schema: { type: 'string' } } }),
  };
  const statuses = operation.isOpen
    ? []
    : Object.keys(PROBLEMS).filter((one) => body !== undefined || !['400', '413', '415'].includes(one));
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${body}` } } },
      },
    }),
    responses: {
      [status]: { description: 'Success', content },
      ...Object.fromEntries(statuses.map((one) => [one, { $ref: '#/components/responses/Problem' }])),
    },
    ...(operation.isOpen && !isOpen && { security: [] }),
  };
}
