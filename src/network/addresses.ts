import ipaddr from 'ipaddr.js';

/** Ranges that `allowPrivate` allows. Link-local addresses are not among them: there are the metadata of clouds. */
const PRIVATE: ReadonlySet<string> = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat']);
/** All addresses of IPv6 that are reached from everywhere are in here. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** In the private range of IPv6, and not a private network. */
const METADATA: ReadonlySet<string> = new Set(['fd00:ec2::254', 'fd20:ce::254']);

/** Whether a connection may go to an address: one that everybody reaches, or with `allowPrivate` one of a private network. */
export function isAllowedAddress(address: string, allowPrivate: boolean): boolean {
  if (!ipaddr.isValid(address)) return false;
  // An address of IPv4 in one of IPv6 is that of IPv4.
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (allowPrivate && PRIVATE.has(range)) return !METADATA.has(parsed.toString());
  return range === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST));
}
