/** The source of a value in JSON text: the text of a primitive, or the members of an object or array. */
export interface SourceNode {
  readonly text?: string;
  readonly members?: ReadonlyMap<string, SourceNode>;
}

const PRIMITIVE = /[^\s,:[\]{}"]+/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SPACE = /[\t\n\r ]*/y;

/** @param json a text that was already parsed: it is not checked again */
export function sourceOf(json: string): SourceNode {
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found = ''] = pattern.exec(json) ?? [];
    at += found.length;
    return found;
  };
  const read = (): SourceNode => {
    take(SPACE);
    const opening = json[at];
    if (opening === '"') return { text: take(STRING) };
    if (opening !== '{' && opening !== '[') return { text: take(PRIMITIVE) };
    const closing = opening === '{' ? '}' : ']';
    const members = new Map<string, SourceNode>();
    at++;
    take(SPACE);
    for (let index = 0; json[at] !== closing; index++) {
      let key = String(index);
      if (opening === '{') {
        key = JSON.parse(take(STRING)) as string;
        take(SPACE);
        at++;
      }
      members.set(key, read());
      take(SPACE);
      if (json[at] === ',') at++;
      take(SPACE);
    }
    at++;
    return { members };
  };
  return read();
}
