import type { NetworkRequest } from '../../api/network/network-request.js';
import type { ExtensionCall } from '../../api/result.js';
import { requestName } from '../../capabilities/request-name.js';
import { binary, list, oneOf, record, type Shape, text } from '../../codec/message-shape.js';
import { NET_EXTENSION, NET_METHOD, TIMER_METHOD } from '../../guest/abi.js';

/** What a call needs that the runtime answers. */
export type OwnCall =
  | { readonly kind: 'timer'; readonly name: string; readonly delayMs: number }
  | { readonly kind: 'net'; readonly name: string };

const MAX_METHOD = 32;
const MAX_URL = 64 * 1024;
const MAX_HEADERS = 500;
const MAX_HEADER = 64 * 1024;

const pair = list(text(MAX_HEADER), 2);
const header: Shape<readonly string[]> = (value) =>
  pair(value) ?? ((value as readonly unknown[]).length === 2 ? undefined : 'is not a pair');

/** A request, as the prelude writes it. */
export const REQUEST = record(
  {
    method: text(MAX_METHOD),
    url: text(MAX_URL),
    headers: list(header, MAX_HEADERS),
    redirect: oneOf('follow', 'error', 'manual'),
  },
  { body: binary() },
) as unknown as Shape<NetworkRequest>;

/** Reads a call that the guest reports; undefined if it is not one that the prelude makes. */
export function readOwnCall({ extensionName, method, args }: Omit<ExtensionCall, 'callId'>): OwnCall | undefined {
  if (extensionName === NET_EXTENSION) {
    const [request] = args;
    if (method !== NET_METHOD || args.length !== 1 || REQUEST(request) !== undefined) return undefined;
    const { method: verb, url } = request as NetworkRequest;
    const name = requestName(verb, url);
    return name === undefined ? undefined : { kind: 'net', name };
  }
  const [delayMs, setAfterMs] = args;
  if (method !== TIMER_METHOD || typeof delayMs !== 'number' || typeof setAfterMs !== 'number') return undefined;
  return delayMs >= 0 && !Number.isNaN(setAfterMs) ? { kind: 'timer', name: method, delayMs } : undefined;
}
