/** Controls, halves of surrogate pairs, and what a quoted text is written with. */
const ESCAPED = /[\p{Cc}\p{Cs}'\\]/u;
const EVERY = /[\p{Cc}\p{Cs}'\\]/gu;
const SHORT: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '\\': '\\\\',
};

/** A text as Node's `inspect` quotes it: in the first of ' " ` that does not occur in it. */
export function quote(text: string): string {
  if (!ESCAPED.test(text)) return `'${text}'`;
  const mark = !text.includes("'")
    ? "'"
    : !text.includes('"')
      ? '"'
      : !text.includes('`') && !text.includes('${')
        ? '`'
        : "'";
  const escaped = text.replace(EVERY, (unit) => {
    if (unit === "'") return mark === "'" ? "\\'" : unit;
    const short = SHORT[unit];
    if (short !== undefined) return short;
    const code = unit.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0').toUpperCase()}`;
  });
  return `${mark}${escaped}${mark}`;
}
