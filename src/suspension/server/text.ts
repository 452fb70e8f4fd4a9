/** What not every server keeps: a backslash is the sign of it. */
const UNSAFE = /[\0\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPED = /\\u([0-9a-f]{4})/g;

/** Any string as one that is valid UTF-8 and has no NUL: most are as they were. Different strings stay different. */
export function toServerText(text: string): string {
  return text.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function fromServerText(text: string): string {
  return text.replace(ESCAPED, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)));
}
