import { describe, expect, it } from 'vitest';

import { mayBeAnotherForm } from '#src/source/forms/candidates.js';
import { readForm } from '#src/source/forms/read-form.js';
import { FORMS } from '../../cases/forms.js';
import { SYNTAX } from '../../cases/syntax.js';
import { WHERE } from '../../cases/where.js';

/** Written in every way that the language allows. */
const FUNCTIONS = [
  '(x) => x',
  '((x) => x)',
  'x => x',
  '$ => $',
  '_ =>\n_',
  'ünï=>1',
  '\\u0061 => 1',
  '\\u{61}b/* */=> 1',
  'a\u200d => 1',
  'async(x) => x',
  'async x => x',
  'async/**/function f() {}',
  'function*f() {}',
  'function(){}',
  '/* a */// b\n\u2028;',
  '\ufeff#!x\n()=>1',
  "'use strict';() => 1",
  '"use strict"\n/* a */ function f() {}',
];
const MODULES = ['export default 1', ';export{}', '0\nexport*from"a"', '{}export default 1', '/**/export/**/default 1'];
const BODIES = [
  'return 1',
  'const f = () => 1; return f()',
  '$state.count += $args.by; return $state.count',
  'exports.a = 1',
  'const exported = 1; return reexport {}',
  'functional()',
  'asyncronous()',
  '"use strict"; return (x) => x',
  'a == b',
  '',
];

describe('whether a source may be a function or a module', () => {
  it.each([...FUNCTIONS.filter((source) => !source.endsWith(';')), ...MODULES])('%j may', (source) => {
    expect(mayBeAnotherForm(source)).toBe(true);
  });

  it.each(BODIES)('%j is a body, without a parser', (source) => {
    expect(mayBeAnotherForm(source)).toBe(false);
  });

  it('leaves a source that begins with very much white space to the parser', () => {
    const blanks = '/**/ '.repeat(100_000);
    expect(mayBeAnotherForm(`${blanks}return 1`)).toBe(true);
    expect(readForm(`${blanks}return 1`, 'handler.js').kind).toBe('body');
    expect(readForm(`${blanks}(x) => 1`, 'handler.js').kind).toBe('rewritten');
  });
});

describe('what the parser says it is', () => {
  it.each(FORMS.filter(({ error }) => error === undefined))('$name', ({ source, filename = 'handler.js' }) => {
    const form = readForm(source, filename);
    const isBody = /are a body|is a body|makes no module/.test(FORMS.find((one) => one.source === source)?.name ?? '');
    expect(form.kind).toBe(isBody ? 'body' : 'rewritten');
  });

  it('is never another form for what does not parse and exports nothing', () => {
    for (const { source } of [...SYNTAX, ...WHERE]) {
      if (!source.includes('export')) expect(readForm(source, 'handler.js').kind).toBe('body');
    }
  });
});
