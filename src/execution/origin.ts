import type { WasmContext } from '../api/context.js';
import type { EventOrigin } from '../api/observing/observer.js';
import type { WasmError } from '../api/result.js';
import type { Mutable } from '../support/mutable.js';

/** What every error says of where it happened. */
export type Origin = Pick<WasmContext, 'handlerName' | 'panelId'>;

/** The names in a context, or in what was kept of one. */
export function originOf({ handlerName, panelId }: Origin): Mutable<Origin> {
  const origin: Mutable<Origin> = {};
  if (handlerName !== undefined) origin.handlerName = handlerName;
  if (panelId !== undefined) origin.panelId = panelId;
  return origin;
}

/** {@link originOf} with the tenant, which is told to observers and is not in results. */
export function eventOriginOf(context: Origin, tenant: string | undefined): EventOrigin {
  const origin: Mutable<EventOrigin> = originOf(context);
  if (tenant !== undefined) origin.tenant = tenant;
  return origin;
}

/** Every error says which handler it was. */
export function withOrigin(error: WasmError, origin: Origin): WasmError {
  if (origin.handlerName === undefined && origin.panelId === undefined) return error;
  return { ...error, context: { ...error.context, ...originOf(origin) } };
}
