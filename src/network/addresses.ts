import ipaddr from 'ipaddr.js';

/** Ranges that `allowPrivate` allows. Link-local addresses are not among them: there are the metadata of clouds. */
const PRIVATE: ReadonlySet<string> = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat']);
/** All addresses of IPv6 that are reached from everywhere are in here. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Services of clouds for their own machines, with credentials, at addresses of other ranges: private, carriers' and public ones. */
const METADATA: ReadonlySet<string> = new Set(['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16']);

/** Whether a connection may go to an address: one that everybody reaches, or with `allowPrivate` one of a private network. */
export function isAllowedAddress(address: string, allowPrivate: boolean): boolean {
  if (!ipaddr.isValid(address)) return false;
  // An address of IPv4 in one of IPv6 is that of IPv4.
  const parsed = ipaddr.process(address);
  if (METADATA.has(parsed.toString())) return false;
  const range = parsed.range();
  if (allowPrivate && PRIVATE.has(range)) return true;
  return range === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST));
}
