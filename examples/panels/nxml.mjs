// A parser of NXML: elements, attributes, text, comments, CDATA and the five entities of XML. No DTDs, namespaces or processing
// instructions, so that a file cannot ask for anything. What comes out is plain data with places.
//
//   { name: 'Tool', attributes: { name: { value: 'search', line: 4, column: 9 } }, children: [], text: '', line: 4, column: 3 }

/** What is wrong in a file, and where. */
export class NxmlError extends Error {
  constructor(file, { line, column }, message) {
    super(`${file}:${line}:${column}: ${message}`);
    this.name = 'NxmlError';
    Object.assign(this, { file, line, column });
  }
}

const NAME = /[A-Za-z_][\w.-]*/y;
const SPACE = /\s*/y;
const TEXT = /[^<]+/y;
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const MAX_DEPTH = 100;

/** @returns the root element */
export function parseNxml(text, file = 'panel.nxml') {
  return new Parser(text, file).document();
}

class Parser {
  #text;
  #file;
  #at = 0;
  /** Offsets at which lines start. */
  #lines;

  constructor(text, file) {
    this.#text = text;
    this.#file = file;
    this.#lines = [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ index, 0: end }) => index + end.length)];
  }

  document() {
    this.#skipBetween();
    if (this.#text.startsWith('<?xml', this.#at)) {
      this.#at = this.#find('?>', 'the end of the XML declaration, ?>') + 2;
      this.#skipBetween();
    }
    if (this.#text[this.#at] !== '<') this.#fail(this.#at, `expected an element, found ${this.#found()}`);
    const root = this.#element(0);
    this.#skipBetween();
    if (this.#at < this.#text.length)
      this.#fail(this.#at, `expected the end of the file after </${root.name}>, found ${this.#found()}`);
    return root;
  }

  #element(depth) {
    const start = this.#at;
    if (depth > MAX_DEPTH) this.#fail(start, `elements are nested more than ${MAX_DEPTH} deep`);
    this.#at++;
    const name = this.#match(NAME);
    if (name === undefined) this.#fail(this.#at, `expected the name of an element after <, found ${this.#found()}`);
    const element = { name, attributes: this.#attributes(name), children: [], text: '', ...this.#place(start) };
    if (this.#takes('/>')) return element;
    if (!this.#takes('>')) this.#fail(this.#at, `expected an attribute, > or /> in <${name}>, found ${this.#found()}`);
    this.#content(element, depth);
    return element;
  }

  #attributes(name) {
    const attributes = {};
    for (;;) {
      const hasSpace = this.#match(SPACE) !== '';
      const start = this.#at;
      const key = hasSpace ? this.#match(NAME) : undefined;
      if (key === undefined) return attributes;
      if (Object.hasOwn(attributes, key)) this.#fail(start, `<${name}> has the attribute ${key} twice`);
      this.#match(SPACE);
      if (!this.#takes('='))
        this.#fail(this.#at, `expected = and a value after the attribute ${key}, found ${this.#found()}`);
      this.#match(SPACE);
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'")
        this.#fail(this.#at, `expected the value of ${key} in quotes, found ${this.#found()}`);
      const from = this.#at + 1;
      this.#at = from;
      const to = this.#find(quote, `the closing ${quote} of the value of ${key}`);
      const value = this.#text.slice(from, to);
      const angle = value.indexOf('<');
      if (angle !== -1)
        this.#fail(from + angle, `< in the value of ${key}: expected the closing ${quote} before it, or &lt;`);
      attributes[key] = { value: this.#decoded(value, from), ...this.#place(start) };
      this.#at = to + 1;
    }
  }

  #content(element, depth) {
    const { name, line, column } = element;
    for (;;) {
      const start = this.#at;
      const text = this.#match(TEXT);
      if (text !== undefined) {
        if (element.text === '' && text.trim() !== '') Object.assign(element, { textAt: this.#place(start) });
        element.text += this.#decoded(text, start);
      }
      if (this.#at >= this.#text.length)
        this.#fail(this.#at, `expected </${name}>, which is open since ${line}:${column}, found the end of the file`);
      if (this.#takes('<!--')) this.#at = this.#find('-->', 'the end of the comment, -->') + 3;
      else if (this.#takes('<![CDATA[')) {
        const from = this.#at;
        const to = this.#find(']]>', 'the end of CDATA, ]]>');
        if (element.text.trim() === '') Object.assign(element, { text: '', textAt: this.#place(from) });
        element.text += this.#text.slice(from, to);
        this.#at = to + 3;
      } else if (this.#takes('</')) {
        const closing = this.#match(NAME);
        if (closing !== name)
          this.#fail(
            this.#at - (closing?.length ?? 0) - 2,
            `expected </${name}>, which is open since ${line}:${column}, found </${closing ?? ''}`,
          );
        this.#match(SPACE);
        if (!this.#takes('>')) this.#fail(this.#at, `expected > after </${name}, found ${this.#found()}`);
        return;
      } else if (this.#text[this.#at + 1] === '!' || this.#text[this.#at + 1] === '?')
        this.#fail(
          this.#at,
          `${this.#text.slice(this.#at, this.#at + 9)}… is not part of NXML: it has elements, comments and CDATA`,
        );
      else element.children.push(this.#element(depth + 1));
    }
  }

  #decoded(text, from) {
    return text.replace(/&([^;\s&]{0,10});?/g, (whole, name, index) => {
      const code = /^#(\d{1,7})$/.exec(name)?.[1] ?? /^#x([\da-f]{1,6})$/i.exec(name)?.[1];
      if (whole.endsWith(';') && Object.hasOwn(ENTITIES, name)) return ENTITIES[name];
      const point = code === undefined ? -1 : Number.parseInt(code, name.startsWith('#x') ? 16 : 10);
      if (whole.endsWith(';') && point > 0 && point <= 0x10_ff_ff) return String.fromCodePoint(point);
      return this.#fail(
        from + index,
        `expected an entity (&lt; &gt; &amp; &quot; &apos; &#65;), found ${whole}; a plain & is &amp;`,
      );
    });
  }

  /** Whitespace and comments. */
  #skipBetween() {
    this.#match(SPACE);
    while (this.#takes('<!--')) {
      this.#at = this.#find('-->', 'the end of the comment, -->') + 3;
      this.#match(SPACE);
    }
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  #takes(text) {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #find(text, what) {
    const found = this.#text.indexOf(text, this.#at);
    if (found === -1) this.#fail(this.#at, `expected ${what}, found the end of the file`);
    return found;
  }

  #found() {
    const character = this.#text[this.#at];
    return character === undefined ? 'the end of the file' : JSON.stringify(character);
  }

  #place(offset) {
    let line = 0;
    for (let low = 0, high = this.#lines.length - 1; low <= high; ) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle] <= offset) {
        line = middle;
        low = middle + 1;
      } else high = middle - 1;
    }
    return { line: line + 1, column: offset - this.#lines[line] + 1 };
  }

  #fail(offset, message) {
    throw new NxmlError(this.#file, this.#place(Math.min(offset, this.#text.length)), message);
  }
}
