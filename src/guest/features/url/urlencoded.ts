import { decodeUtf8, encodeUtf8 } from '../encoding/utf8.js';

export type Pair = [name: string, value: string];

/** https://url.spec.whatwg.org/#concept-urlencoded-parser, using the engine's decoder. */
export function parseUrlencoded(input: string): Pair[] {
  const pairs: Pair[] = [];
  for (const sequence of input.split('&')) {
    if (sequence === '') continue;
    const at = sequence.indexOf('=');
    const name = at < 0 ? sequence : sequence.slice(0, at);
    pairs.push([decodeComponent(name), at < 0 ? '' : decodeComponent(sequence.slice(at + 1))]);
  }
  return pairs;
}

/** https://url.spec.whatwg.org/#concept-urlencoded-serializer */
export function serializeUrlencoded(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`).join('&');
}

function encodeComponent(text: string): string {
  if (!/[^\w*.-]/.test(text)) return text;
  return encodeURIComponent(text).replace(/%20|[!'()~]/g, (char) =>
    char === '%20' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decodeComponent(component: string): string {
  const text = component.includes('+') ? component.replaceAll('+', ' ') : component;
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return decodeUtf8(percentDecode(encodeUtf8(text)), false);
  }
}

/** Invalid escapes are kept. */
function percentDecode(bytes: Uint8Array): Uint8Array {
  let written = 0;
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : '';
    if (/^[\da-f]{2}$/i.test(hex)) {
      bytes[written++] = Number.parseInt(hex, 16);
      i += 2;
    } else {
      bytes[written++] = bytes[i] as number;
    }
  }
  return bytes.subarray(0, written);
}
