import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { codeOfModel } from '#src/source/forms/model-text.js';

describe('the code in a text of a language model', () => {
  it.each([
    ['return 1', 'return 1'],
    ['```js\nreturn 1\n```', '     \nreturn 1\n   '],
    ['Here:\n```js\nreturn 1\n```', '     \n     \nreturn 1\n   '],
    ['a\n```sh\nls\n```\n```ts\nb\n```', ' \n     \n  \n   \n     \nb\n   '],
    ['````js\n```\n````', '      \n```\n    '],
    ['~~~\na\n~~~ \nb', '   \na\n    \n '],
    ['```js\n`x`', '     \n`x`'],
    ['const s = `\n```;', '           \n    '],
    ['/*\n```\n*/ return 1', '/*\n```\n*/ return 1'],
    ['const a = "```";\nreturn a', 'const a = "```";\nreturn a'],
    ['Hi:\r```js\rx // `\r```\rbye', '   \r     \rx // `\r   \r   '],
    ['```js\r\nx\r\n```', '     \r\nx\r\n   '],
    ['\ufeffHi:\n```\nx\n```', '    \n   \nx\n   '],
  ])('%j is %j', (source, code) => {
    expect(codeOfModel(source, 'handler.js')).toBe(code);
  });

  it.each([
    ['tildes', `${'~'.repeat(200_000)}\``],
    ['short lines of tildes', `${'~'.repeat(150)}\`\n`.repeat(1_500)],
    ['blanks behind a fence', `\`\`\`${' '.repeat(200_000)}\``],
    ['short lines of blanks', `\`\`\`${' '.repeat(150)}\`\n`.repeat(1_500)],
    ['backticks', `${'`'.repeat(200_000)} \``],
  ])('is found at once in a text made to hold it up: %s', (_, source) => {
    expect(codeOfModel(source, 'handler.js')).toHaveLength(source.length);
  });

  it.each([
    '/*\n```js\nreturn "WRONG"\n```\n*/\nreturn (13',
    '/**\n```js\nreturn "WRONG"\n```\n */\nconst a: number = 1; return a',
    'import x from "y";\n/**\n```js\nreturn "WRONG"\n```\n */\nreturn 1',
  ])('is not the example in a comment of a program that has a fault: %j', (source) => {
    expect(codeOfModel(source, 'handler.js')).toBe(source);
  });

  it('is that of the language of the file, whichever was asked first', () => {
    const source = 'let s: string = "";\n/*\n```js\nreturn 1\n```\n*/ return s';
    expect(codeOfModel(source, 'a.js')).not.toBe(source);
    expect(codeOfModel(source, 'a.ts')).toBe(source);
    expect(codeOfModel(source, 'b.js')).toBe(codeOfModel(source, 'a.js'));
  });

  it('is at its place, whatever stands around it', () => {
    const line = fc.stringMatching(/^[^`~\n\r\u2028\u2029]*$/);
    fc.assert(
      fc.property(fc.array(line), line, fc.array(line), (before, code, after) => {
        const source = [...before, 'Look, this one:', '```js', code, '```', ...after].join('\n');
        const found = codeOfModel(source, 'handler.js');
        expect(found).toHaveLength(source.length);
        expect(found.split('\n').map((each) => each.trim())).toEqual([
          ...before.map(() => ''),
          '',
          '',
          code.trim(),
          '',
          ...after.map(() => ''),
        ]);
      }),
    );
  });
});
