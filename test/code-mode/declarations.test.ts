import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { type Declared, declare } from '#src/code-mode/tools/declarations.js';
import { exampleInput } from '#src/code-mode/tools/example-input.js';
import { nearNames } from '#src/code-mode/tools/near-names.js';
import { searchTools } from '#src/code-mode/tools/search.js';
import { pathOf } from '#src/code-mode/tools/tool-names.js';

const tool = (path: string, schema: z.ZodType, more: Partial<Declared> = {}): Declared => ({
  path,
  input: z.toJSONSchema(schema) as Declared['input'],
  output: undefined,
  ...more,
});
const DEEP = z.object({ a: z.object({ b: z.object({ c: z.object({ d: z.string() }) }) }) });

describe('declarations', () => {
  it('nest by the names of the tools', () => {
    const { text } = declare(
      [
        tool('a.b.one', z.object({ x: z.number() })),
        tool('a.two', z.object({})),
        tool('three', z.object({}), { description: 'Does */ it.\nWell.' }),
      ],
      { maxDepth: 5, maxCharacters: 5_000 },
    );
    expect(text).toMatch(
      /declare const tools: \{[\s\S]*three\(input\?: \{\}\)[\s\S]*a: \{[\s\S]*two\([\s\S]*b: \{[\s\S]*one\(input: \{ x: number \}\): Promise<unknown>;/,
    );
    expect(text).not.toContain('Does */');
  });

  it('become less deep, and then fewer, to stay within the budget', () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      tool(`service${index % 10}.operation${index}`, DEEP, { description: `Operation ${index}.` }),
    );
    const whole = declare(many, { maxDepth: 5, maxCharacters: 1_000_000 });
    expect(whole.text).toContain('d: string');
    const shallow = declare(many, { maxDepth: 5, maxCharacters: whole.text.length - 1 });
    expect(shallow.text).not.toContain('d: string');
    expect(shallow.left).toEqual([]);
    for (const maxCharacters of [20_000, 8_000, 1_000]) {
      const { text, left } = declare(many, { maxDepth: 5, maxCharacters });
      expect(text.length).toBeLessThanOrEqual(maxCharacters);
      expect(left.length).toBeGreaterThan(0);
      expect(text).toContain('$search');
    }
  });

  it('do not end in a schema that contains itself', () => {
    const input = { $ref: '#/$defs/n', $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } } } } };
    expect(declare([{ path: 'a', input, output: input }], { maxDepth: 5, maxCharacters: 5_000 }).text).toContain(
      'next?: unknown',
    );
  });

  it.each([
    [z.object({ id: z.string(), n: z.number(), opt: z.string().optional() }), "{ id: '…', n: 1 }"],
    [
      z.object({ kind: z.enum(['a', 'b']), on: z.boolean(), at: z.iso.datetime() }),
      "{ kind: 'a', on: true, at: '2026-01-31T12:00:00Z' }",
    ],
    [z.object({ items: z.array(z.object({ sku: z.string() })) }), "{ items: [{ sku: '…' }] }"],
    [z.object({ 'odd name': z.literal("it's") }), `{ "odd name": 'it\\'s' }`],
  ])('have an example for each tool', (schema, expected) => {
    expect(exampleInput(z.toJSONSchema(schema) as Declared['input'])).toBe(expected);
  });
});

describe('names', () => {
  it.each([
    ['github.createIssue', ['github', 'createIssue']],
    ['create-issue', ['create_issue']],
    ['2fa.check it', ['_2fa', 'check_it']],
    ['mcp/server:tool', ['mcp_server_tool']],
    ['größe', ['gr_e']],
    ['class.new', ['class', 'new']],
  ])('of %s', (key, path) => {
    expect(pathOf(key)).toEqual(path);
  });

  it('that are near', () => {
    const names = ['github.createIssue', 'github.listIssues', 'slack.post', 'jira.createIssue'];
    expect(nearNames('github.creatIssue', names)[0]).toBe('github.createIssue');
    expect(nearNames('createIssue', names)).toEqual(expect.arrayContaining(['github.createIssue', 'jira.createIssue']));
    expect(nearNames('slack.sendPost', names)).toContain('slack.post');
    expect(nearNames('zzz', names)).toEqual([]);
    expect(nearNames('x'.repeat(1_000_000), names)).toEqual([]);
  });

  it('that are searched', () => {
    const tools = [
      tool('github.createIssue', DEEP, { description: 'Opens a ticket.' }),
      tool('mail.send', DEEP, { description: 'Sends a message.' }),
    ];
    expect(searchTools('create issue', tools).map(({ name }) => name)).toEqual(['github.createIssue']);
    expect(searchTools('messages', tools).map(({ name }) => name)).toEqual([]);
    expect(searchTools('message', tools).map(({ name }) => name)).toEqual(['mail.send']);
    expect(searchTools('', tools)).toEqual([]);
  });
});
