type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const whole: Schema = { type: 'integer', minimum: 0 };
const flag: Schema = { type: 'boolean' };
const any: Schema = {};
const open: Schema = { type: 'object', additionalProperties: true };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

function object(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  isClosed = false,
): Schema {
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    ...(isClosed && { additionalProperties: false }),
  };
}

const CONTEXT = {
  panelId: text,
  handlerName: text,
  stateSnapshot: { ...open, description: "The handler's $state." },
  args: { description: "The handler's $args: any JSON." },
  scope: { description: "The handler's $scope: any JSON." },
  capabilities: { ...listOf(text), examples: [['state:read:*', 'events:emit:*']] },
};

const COMPILE = {
  filename: { ...text, description: 'With *.ts the handler is TypeScript.' },
  wrap: object({ prologue: text, epilogue: text }, [], true),
  returnLastExpression: flag,
  normalise: { type: 'string', enum: ['model'] },
};

const CALL = {
  timeoutMs: { ...whole, description: 'Time in the VM.' },
  tenant: text,
  limits: { ...open, description: 'Limits of this execution: maxEvents, maxInstructions and so on.' },
  seed: { type: 'number' },
  locale: text,
  timeZone: text,
  unawaited: { type: 'string', enum: ['abandon', 'wait'] },
  entry: { ...text, description: 'The export of a module that is called.' },
};

const EXECUTE = {
  ...CALL,
  ...COMPILE,
  deadlineMs: { ...whole, description: 'For the whole call. Exceeding it gives 504.' },
  queueTimeoutMs: whole,
  now: { type: 'number' },
  onLogOverflow: { type: 'string', enum: ['cut', 'error'] },
};

const CODE = {
  code: { ...text, description: 'The source of a handler.' },
  artifact: {
    ...text,
    contentEncoding: 'base64',
    description: 'A compiled handler, in place of code, where the server allows it.',
  },
};

const CALL_SCHEMA = object({ callId: text, extensionName: text, method: text, args: listOf(any) }, [
  'callId',
  'extensionName',
  'method',
  'args',
]);
const ANSWER = { success: flag, value: any, error: any };

/** The schemas to which routes refer, by their names. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Context: object(CONTEXT, [], true),
  ExecuteOptions: object(EXECUTE, [], true),
  RunOptions: object({ ...EXECUTE, callTimeoutMs: whole, maxCalls: whole }, [], true),
  StartOptions: object(
    { ...CALL, filename: text, runId: text, startAt: { ...text, format: 'date-time' }, maxCalls: whole },
    [],
    true,
  ),
  CompileOptions: object(COMPILE, [], true),
  ExecuteRequest: object({ ...CODE, context: reference('Context'), options: reference('ExecuteOptions') }, [], true),
  RunRequest: object({ ...CODE, context: reference('Context'), options: reference('RunOptions') }, [], true),
  HandlerRequest: object({ context: reference('Context'), options: reference('RunOptions') }, [], true),
  StartRequest: object({ ...CODE, context: reference('Context'), options: reference('StartOptions') }, [], true),
  PrecompileRequest: object({ code: text, options: reference('CompileOptions') }, ['code'], true),
  Answer: object(ANSWER, ['success'], true),
  Signal: object({ name: text, payload: any, id: text }, ['name'], true),
  ResumeRequest: object(
    {
      answer: reference('Answer'),
      answers: listOf(object({ callId: text, ...ANSWER }, ['callId', 'success'], true)),
      options: object(
        { timeoutMs: whole, deadlineMs: whole, queueTimeoutMs: whole, now: { type: 'number' }, wait: flag },
        [],
        true,
      ),
    },
    [],
    true,
  ),
  HandlerError: object(
    {
      code: text,
      message: text,
      name: text,
      stack: text,
      location: object({ line: whole, column: whole, file: text }, ['line', 'column']),
      snippet: text,
      fields: open,
      context: open,
    },
    ['code', 'message'],
  ),
  Call: CALL_SCHEMA,
  Suspension: object(
    {
      suspensionId: text,
      extensionName: text,
      method: text,
      args: listOf(any),
      calls: listOf(reference('Call')),
      wakeAt: { ...text, format: 'date-time' },
      expiresAt: { ...text, format: 'date-time' },
    },
    ['suspensionId', 'calls', 'expiresAt'],
  ),
  Result: object(
    {
      status: { type: 'string', enum: ['success', 'suspended', 'error'] },
      returnValue: { description: 'What the handler returned. Absent if it returned nothing.' },
      stateMutations: listOf(
        object({ operation: { type: 'string', enum: ['set', 'delete'] }, key: text, value: any }, ['operation', 'key']),
      ),
      events: listOf(object({ name: text, payload: any }, ['name'])),
      viewCommands: listOf(object({ type: text, componentId: text, args: listOf(any) }, ['type', 'args'])),
      logs: listOf(
        object({ level: { type: 'string', enum: ['debug', 'info', 'warn', 'error'] }, message: text, omitted: whole }, [
          'level',
          'message',
        ]),
      ),
      suspension: reference('Suspension'),
      error: reference('HandlerError'),
      partial: flag,
      replayed: flag,
      unawaitedCalls: listOf(reference('Call')),
      metrics: open,
    },
    ['status', 'stateMutations', 'events', 'viewCommands', 'logs', 'metrics'],
  ),
  Precompiled: object(
    {
      artifact: { ...text, contentEncoding: 'base64' },
      entries: listOf(text),
      capabilities: listOf(text),
      imports: listOf(text),
      files: listOf(text),
      sizes: object({ sourceBytes: whole, linkedBytes: whole, bytecodeBytes: whole }, [
        'sourceBytes',
        'linkedBytes',
        'bytecodeBytes',
      ]),
    },
    ['artifact', 'capabilities', 'imports', 'files', 'sizes'],
  ),
  Handlers: object(
    {
      handlers: listOf(
        object({ name: text, entries: listOf(text), capabilities: listOf(text), schema: open }, [
          'name',
          'capabilities',
        ]),
      ),
    },
    ['handlers'],
  ),
  RunStarted: object({ runId: text }, ['runId']),
  RunSummary: object(
    {
      runId: text,
      state: { type: 'string', enum: ['waiting', 'ended', 'damaged'] },
      outcome: { type: 'string', enum: ['completed', 'failed', 'cancelled', 'expired'] },
      suspensionId: text,
      deployment: text,
      tenant: text,
      handlerName: text,
      expiresAt: { ...text, format: 'date-time' },
    },
    ['state', 'suspensionId'],
  ),
  Runs: object(
    {
      runs: listOf(reference('RunSummary')),
      isCut: { ...flag, description: 'Whether there are more.' },
      next: { ...text, description: 'The `after` with which the list goes on, if there are more.' },
    },
    ['runs', 'isCut'],
  ),
  RunHistory: object(
    {
      runId: text,
      entries: listOf({
        type: 'object',
        properties: {
          kind: { type: 'string', enum: ['segment', 'call', 'answer', 'signal', 'cancel', 'retry'] },
          at: { ...text, format: 'date-time' },
        },
        required: ['kind', 'at'],
        additionalProperties: true,
      }),
      omitted: { ...whole, description: 'Earlier entries that are no longer kept.' },
    },
    ['runId', 'entries', 'omitted'],
  ),
  RunDescription: object(
    {
      runId: text,
      state: { type: 'string', enum: ['waiting', 'ended'] },
      outcome: text,
      suspensionId: text,
      deployment: text,
      tenant: text,
      handlerName: text,
      step: whole,
      startedAt: { ...text, format: 'date-time' },
      expiresAt: { ...text, format: 'date-time' },
      calls: listOf(reference('Call')),
      timers: listOf({ ...text, format: 'date-time' }),
    },
    ['runId', 'state', 'step', 'calls', 'timers'],
  ),
  Cancelled: object({ cancelled: { ...flag, description: 'False if it had ended.' } }, ['cancelled']),
  Answered: object({ outcome: { type: 'string', enum: ['accepted', 'duplicate'] } }, ['outcome']),
  Status: object({ status: text }, ['status']),
  Facts: open,
  Problem: object(
    {
      type: text,
      title: text,
      status: whole,
      detail: { ...text, description: 'What is wrong, and how to mend it.' },
      code: { ...text, description: 'For programs.' },
      field: { ...text, description: 'What of the request is at fault.' },
      location: object({ line: whole, column: whole }),
      snippet: text,
      retryAfterMs: whole,
      result: reference('Result'),
    },
    ['type', 'title', 'status', 'detail', 'code'],
  ),
};
