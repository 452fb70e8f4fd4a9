/** Arguments of one call, which are on the guest's stack. */
const CHUNK = 1024;

/** One character per byte or code unit, without an interpreter step for each. */
export function stringFromUnits(units: Uint8Array | Uint16Array): string {
  if (units.length <= CHUNK) return fromCharCodes(units);
  const parts: string[] = [];
  for (let start = 0; start < units.length; start += CHUNK) {
    parts.push(fromCharCodes(units.subarray(start, start + CHUNK)));
  }
  return parts.join('');
}

function fromCharCodes(units: Uint8Array | Uint16Array): string {
  return Reflect.apply(String.fromCharCode, undefined, units);
}
