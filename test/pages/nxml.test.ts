import { describe, expect, it } from 'vitest';

interface NxmlElement {
  readonly name: string;
  readonly text: string;
  readonly attributes: Readonly<
    Record<string, { readonly value: string; readonly line: number; readonly column: number }>
  >;
  readonly children: readonly NxmlElement[];
}

const { parseNxml } = (await import('../../examples/panels/nxml.mjs' as string)) as {
  parseNxml(text: string, file?: string): NxmlElement;
};
const { readPanel } = (await import('../../examples/panels/panel.mjs' as string)) as {
  readPanel(root: NxmlElement, file: string): { readonly tools: Readonly<Record<string, { readonly code: string }>> };
};

const panel = (inside: string) => `<NexusPanel title="t">${inside}</NexusPanel>`;

describe('the parser of NXML', () => {
  it('reads elements, attributes with their places, text, entities, comments and CDATA', () => {
    const text = `<?xml version="1.0"?>\n<!-- a -->\n<A one='1 &lt; 2'\r\n  two="&#x41;&#66;">x &amp; y<!-- b --><B/>\n<C><![CDATA[<b> && ]]></C></A>\n`;
    const root = parseNxml(text);
    expect(root).toMatchObject({
      name: 'A',
      text: 'x & y\n',
      children: [{ name: 'B' }, { name: 'C', text: '<b> && ' }],
    });
    expect(root.attributes).toEqual({
      one: { value: '1 < 2', line: 3, column: 4 },
      two: { value: 'AB', line: 4, column: 3 },
    });
  });

  it.each([
    ['', '1:1: expected an element, found the end of the file'],
    ['text', '1:1: expected an element, found "t"'],
    ['<a>\n  <b>\n</a>', '3:1: expected </b>, which is open since 2:3, found </a'],
    ['<a>\n', '2:1: expected </a>, which is open since 1:1, found the end of the file'],
    ['<a b>', '1:5: expected = and a value after the attribute b, found ">"'],
    ['<a b=c/>', '1:6: expected the value of b in quotes, found "c"'],
    ['<a b="c', '1:7: expected the closing " of the value of b, found the end of the file'],
    ['<a b="1" b="2"/>', '1:10: <a> has the attribute b twice'],
    ['<a b="<"/>', '1:7: < in the value of b'],
    ['<a>R&D</a>', '1:5: expected an entity'],
    ['<a>&nbsp;</a>', '1:4: expected an entity'],
    ['<a>&#0;</a>', '1:4: expected an entity'],
    ['<a/><b/>', '1:5: expected the end of the file after </a>, found "<"'],
    ['<!DOCTYPE a [<!ENTITY x "y">]><a/>', '1:2: expected the name of an element after <, found "!"'],
    ['<a><?php ?></a>', '1:4: <?php ?><… is not part of NXML'],
    ['<a><!-- </a>', '1:8: expected the end of the comment'],
    ['<a>'.repeat(200), '1:304: elements are nested more than 100 deep'],
  ])('tells where %j is wrong, and what is expected', (text, message) => {
    expect(() => parseNxml(text, 'f.nxml')).toThrow(`f.nxml:${message}`);
  });

  it('takes time in proportion to the text, also for hostile ones', () => {
    const open = `<a b="${'&lt;'.repeat(200_000)}">${'&amp;x'.repeat(200_000)}`;
    expect(() => parseNxml(open)).toThrow(/found the end of the file/);
    expect(parseNxml(`<a>${'<b/>'.repeat(100_000)}</a>`).children).toHaveLength(100_000);
  });
});

describe('a panel', () => {
  it('has the code of its tools at the lines of the file', () => {
    const text = panel(
      '<View/>\n<Tools>\n<Tool name="a"><Handler><![CDATA[\n  $state.x = 1;\n]]></Handler></Tool></Tools>',
    );
    const { code = '' } = readPanel(parseNxml(text), 'f').tools['a'] ?? {};
    expect(code.split('\n')[3]).toBe('  $state.x = 1;');
  });

  it.each([
    ['<Panel/>', '1:1: expected <NexusPanel>, found <Panel>'],
    ['<NexusPanel/>', '1:1: expected the attribute title in <NexusPanel>'],
    [panel(''), '1:1: expected a <View> in <NexusPanel>'],
    [panel('<View/><View/>'), '1:30: <NexusPanel> has two <View>'],
    [panel('<View>\nhello</View>'), '1:29: <View> has no text of its own, found "hello"'],
    [panel('<View><Button label="x"/></View>'), 'expected the attribute tool in <Button>, or a <Form> around it'],
    [panel('<View><TextField label="x" input="y"/></View>'), 'expected a <Form> around <TextField>'],
    [panel('<Data><Value name="a">{</Value></Data><View/>'), '1:45: expected JSON in <Value name="a">'],
    [
      panel('<Data><Value name="a">1</Value>\n<Value name="a">2</Value></Data><View/>'),
      '2:8: there is a <Value> of the name a already, at 1:36',
    ],
    [
      panel('<Tools><Tool name="a"><Input name="b" type="text"/><Handler/></Tool></Tools><View/>'),
      'type is "text", expected one of string, number, boolean',
    ],
    [panel('<Tools><Tool name="a"/></Tools><View/>'), 'expected one <Handler> in <Tool>, found 0'],
  ])('tells what is wrong in %j', (text, message) => {
    expect(() => readPanel(parseNxml(text), 'f.nxml')).toThrow(message);
  });
});
