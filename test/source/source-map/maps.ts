/** A segment as source maps have it, undecoded: generated column, file, line and column there. */
export type Decoded = readonly [number] | readonly [number, number, number, number];

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A number as Base64 VLQ, by the specification. */
export function vlq(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = '';
  do {
    const digit = rest % 32;
    rest = Math.floor(rest / 32);
    text += DIGITS[rest > 0 ? digit + 32 : digit];
  } while (rest > 0);
  return text;
}

/** The field `mappings` of segments by line. */
export function encode(lines: readonly (readonly Decoded[])[]): string {
  const before = [0, 0, 0];
  return lines
    .map((segments) => {
      let column = 0;
      return segments
        .map(([at, ...place]) => {
          const text = vlq(at - column) + place.map((value, i) => vlq(value - (before[i] as number))).join('');
          column = at;
          place.forEach((value, i) => {
            before[i] = value;
          });
          return text;
        })
        .join(',');
    })
    .join(';');
}

/** A map of one file, as bytes. */
export function mapOf(fields: object = {}): Uint8Array {
  return bytesOf(JSON.stringify({ version: 3, sources: ['a.js'], names: [], mappings: 'AAAA', ...fields }));
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function inlineComment(json: Uint8Array | string): string {
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(json).toString('base64')}`;
}
