import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCodeMode } from '#src/code-mode/index.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { openTools, type WrappedTools } from '#src/mcp/index.js';
import { OPTIONS } from '../code-mode/support.js';
import { configOf, servers } from './support.js';

let runtime: NexusRuntime;
let wrapped: WrappedTools;
let instructions: string;
let run: (code: string) => Promise<{ readonly text: string; readonly result?: unknown }>;
/** A server that hangs is waited for so long. Others have much longer: messages of 16 MiB take seconds on a busy machine. */
const HANGS_MS = 8_000;

beforeAll(async () => {
  runtime = await createRuntime(OPTIONS);
  const mcpServers = {
    ...servers({ bad: 'hostile' }, { timeoutMs: 25_000 }),
    ...servers({ mute: 'silent' }, { timeoutMs: 1_500 }),
  };
  wrapped = await openTools(configOf({ mcpServers, approve: { never: ['*'] } }), '1.0.0');
  const codeMode = createCodeMode({ runtime, tools: wrapped.tools });
  ({ instructions } = codeMode);
  run = (code) => codeMode.run(code);
});

afterAll(async () => {
  await wrapped.close();
  await runtime.shutdown();
});

const keys = () => Object.keys(wrapped.tools);

describe('a hostile server of MCP', () => {
  it('has tools of different names, however it calls them', async () => {
    expect(keys().slice(0, 9)).toEqual([
      ...[
        'bad.a_b',
        'bad.a_b_2',
        'bad.a_b_3',
        'bad.tool_4',
        'bad.tool_5',
        'bad.tool_6',
        'bad._2fa',
        'bad.tool_8',
        'bad.tool_9',
      ],
    ]);
    expect(new Set(keys()).size).toBe(keys().length);
    const { result } = await run(
      'return [(await tools.bad.a_b()).name, (await tools.bad.a_b_2()).name, (await tools.bad.tool_4()).name]',
    );
    expect(result).toEqual(['a-b', 'a_b', '__proto__']);
    const notes = wrapped.notes.join('\n');
    for (const note of ['"a_b" is tools.bad.a_b_2', 'two of the name "a-b"', 'its name has 5000 characters']) {
      expect(notes).toContain(note);
    }
  });

  it('has descriptions of bounded length, without what moves a terminal', () => {
    const { description = '' } = wrapped.tools['bad.flood'] ?? {};
    expect(description.length).toBeLessThanOrEqual(1_001);
    expect(description).not.toContain('\u001b');
    expect(wrapped.notes.join('\n')).toMatch(/description of "flood" has 1048\d+ characters, and is cut/);
    expect(instructions.length).toBeLessThan(25_000);
  });

  it('has schemas of bounded size, and without patterns, which may take for ever', async () => {
    expect(JSON.stringify(wrapped.tools['bad.evil']?.inputSchema)).not.toMatch(/pattern|format/);
    for (const name of ['wide', 'deep', 'recursive', 'wrong']) {
      expect(JSON.stringify(wrapped.tools[`bad.${name}`]?.inputSchema).length, name).toBeLessThan(20_000);
    }
    const { result } = await run(`return (await tools.bad.evil({ a: '${'a'.repeat(50)}!' })).input.a.length`);
    expect(result).toBe(51);
    expect((await run('return (await tools.bad.wrong({ a: 1 })).input')).result).toEqual({ a: 1 });
  });

  it('answers of bounded size', async () => {
    expect((await run('return await tools.bad.huge()')).text).toMatch(
      /bad.huge answered with 62914\d\d characters, and at most 4194304/,
    );
    // More than a message may have ends the connection; the next call starts the server again.
    expect((await run('return await tools.bad.larger()')).text).toMatch(/failed/);
    expect((await run('return (await tools.bad.a_b()).name')).result).toBe('a-b');
  });

  it('may die: the call fails, and the next one starts it again', async () => {
    const first = (await run('return (await tools.bad.a_b()).pid')).result;
    expect((await run('return await tools.bad.die()')).text).toMatch(/The server bad went away while it was called/);
    const second = (await run('return (await tools.bad.a_b()).pid')).result;
    expect(second).toBeTypeOf('number');
    expect(second).not.toBe(first);
  });

  it('may hang: the call ends with its time, and others are served meanwhile', async () => {
    const hasty = { mcpServers: servers({ bad: 'hostile' }, { timeoutMs: HANGS_MS }), approve: { never: ['*'] } };
    const other = await openTools(configOf(hasty), '1.0.0');
    const { result } = await createCodeMode({ runtime, tools: other.tools })
      .run(`
      const hangs = tools.bad.hang().catch((error) => error.message);
      return [(await tools.bad.a_b()).name, await hangs];`)
      .finally(() => other.close());
    expect(result).toEqual(['a-b', expect.stringMatching(/timed? ?out/i)]);
  });

  it('may answer with what is no text', async () => {
    expect((await run('return await tools.bad.binary()')).result).toEqual([
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      '[1',
    ]);
  });

  it('may not answer at the start: the others are served, and it says so', () => {
    expect([...wrapped.missing]).toEqual([
      ['mute', expect.stringMatching(/The server mute cannot be reached: .*time/i)],
    ]);
  });

  it('is a fault if there is no other', async () => {
    const config = configOf({ mcpServers: { none: { command: '/nowhere/to/be/found' } } });
    await expect(openTools(config, '1')).rejects.toThrow(/The server none cannot be reached: .*ENOENT/);
  });
});

describe('the configuration', () => {
  const wrong = (content: unknown, message: RegExp, env = {}) =>
    expect(() => configOf(content as object, env)).toThrow(message);

  it('is refused with the place and the remedy', () => {
    wrong([], /is not an object/);
    wrong({}, /neither mcpServers nor openapi/);
    wrong({ mcpServer: {} }, /"mcpServer", which is not known; did you mean "mcpServers"/);
    wrong({ mcpServers: { a: { comand: 'x' } } }, /mcpServers.a has "comand".*did you mean "command"/);
    wrong({ mcpServers: { a: {} } }, /mcpServers.a has neither a command nor a url/);
    wrong({ mcpServers: { 'a.b': { command: 'x' } } }, /must have a name/);
    wrong({ mcpServers: { constructor: { command: 'x' } } }, /must have a name/);
    wrong({ mcpServers: { 'a-b': { command: 'x' }, a_b: { command: 'x' } } }, /would both be tools.a_b/);
    wrong({ mcpServers: { a: { url: 'file:///etc/passwd' } } }, /http:\/\/ or https/);
    wrong({ mcpServers: { a: { command: 'x', timeoutMs: 0 } } }, /timeoutMs/);
    wrong({ mcpServers: { a: { command: 'x' } }, approve: { alway: [] } }, /did you mean "always"/);
  });

  it('needs the variables that it names', () => {
    const mcpServers = { a: { url: 'https://x.example/mcp', headers: { Authorization: 'Bearer ${env:TOKEN}' } } };
    wrong({ mcpServers }, /mcpServers.a.headers.Authorization needs the variable TOKEN/);
    const { sources, secrets } = configOf({ mcpServers }, { TOKEN: 'sk-123456' });
    expect(sources[0]).toMatchObject({ headers: { Authorization: 'Bearer sk-123456' } });
    expect([...secrets]).toEqual([['TOKEN', 'sk-123456']]);
  });

  it('leaves out what is disabled', () => {
    expect(configOf({ mcpServers: { a: { command: 'x' }, b: { command: 'y', disabled: true } } }).sources).toHaveLength(
      1,
    );
  });
});
