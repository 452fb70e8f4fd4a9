import { createHash } from 'node:crypto';

import type { DurableContent } from './durable-envelope.js';

const RUN_ID_LENGTH = 22;

/** The id under which a store has a run: run ids of the application may differ in case alone, which some file systems do not see. */
export function storedRunId(runId: string): string {
  return createHash('sha256').update(runId).digest('base64url').slice(0, RUN_ID_LENGTH);
}

/** Of what a listing shows. */
const MAX_LABEL_LENGTH = 100;

/** What a listing shows of a run. */
export function labelsOf({ kind, facts, again }: DurableContent): Readonly<Record<string, unknown>> {
  const { runId, codeHash, inputHash, handlerName, panelId } = facts;
  const cut = (name: string) => name.slice(0, MAX_LABEL_LENGTH);
  return {
    ...{ runId, codeHash, inputHash },
    ...(handlerName !== undefined && { handlerName: cut(handlerName) }),
    ...(panelId !== undefined && { panelId: cut(panelId) }),
    ...(kind === 'end' && { isOver: true }),
    ...(again !== undefined && { hasFailed: true }),
  };
}
