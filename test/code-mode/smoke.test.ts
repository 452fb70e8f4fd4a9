import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

import { createCodeMode } from '#src/code-mode/index.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
});
afterAll(async () => {
  await runtime.shutdown();
});

it('runs, waits, goes on', async () => {
  const made: unknown[] = [];
  const codeMode = createCodeMode({
    runtime,
    tools: {
      'github.search': {
        description: 'Finds issues',
        inputSchema: z.object({ q: z.string(), n: z.number().optional() }),
        outputSchema: z.array(z.object({ title: z.string() })),
        execute: ({ q }) => [{ title: `${q} 1` }, { title: `${q} 2` }],
      },
      'github.create-issue': {
        description: 'Creates one',
        inputSchema: z.object({ title: z.string() }),
        needsApproval: true,
        execute: ({ title }, { callId, isApproved }) => {
          made.push([title, callId, isApproved]);
          return { id: made.length };
        },
      },
    },
  });
  console.log(codeMode.instructions);
  const outcome = await codeMode.run(
    "const found = await tools.github.search({ q: 'x' }); console.log(found.length);\nconst all = await Promise.all(found.map((f) => tools.github.create_issue({ title: f.title }).catch((e) => e.message)));\nreturn all",
    { runId: 'r1' },
  );
  console.log(JSON.stringify(outcome, null, 1));
  const pending = await codeMode.pending();
  console.log(pending);
  expect(await codeMode.approve(pending[0]?.callId ?? '')).toBe(true);
  expect(await codeMode.approve(pending[0]?.callId ?? '')).toBe(false);
  console.log((await codeMode.resume('r1')).text);
  expect(await codeMode.reject(pending[1]?.callId ?? '', 'too many')).toBe(true);
  console.log(await codeMode.pending());
  const ended = await codeMode.resume('r1');
  console.log(JSON.stringify(ended, null, 1), made);
  console.log((await codeMode.resume('r1')).text);
  console.log((await codeMode.run('```ts\nexport default async function main(): Promise<number> {\n return (await tools.github.serch({ q: 1 })).length }\n```')).text);
  console.log((await codeMode.run('async () => { return await tools.github.search({ q: 1 }) }')).text);
  console.log(JSON.stringify(await codeMode.preview('const { github } = tools; const q = "a"; const r = await github.search({ q, n: Date.now() }); await github.create_issue({ title: r[0].titel }); tools.slack.post("x")'), null, 1));
}, 60_000);
