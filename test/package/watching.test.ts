import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nexus-watching-'));
const started: ChildProcess[] = [];

afterAll(async () => {
  for (const child of started) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a runner that watches, and waits for its output. */
function watching(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...env } });
  started.push(child);
  let output = '';
  let isOver = false;
  let notice = () => {};
  const take = (data: Buffer) => {
    output += data;
    notice();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.once('close', () => {
    isOver = true;
    notice();
  });
  /** Waits until the new output has a text, and forgets it. */
  return async (text: string) => {
    while (!output.includes(text)) {
      if (isOver) throw new Error(`It ended before ${text}: ${output}`);
      await new Promise<void>((resolve) => {
        notice = resolve;
      });
    }
    output = '';
  };
}

function setUp(name: string) {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  for (const [module, path] of [
    ['nexus-runtime', '.'],
    ['vitest', 'node_modules/vitest'],
  ] as const) {
    symlinkSync(join(root, path), join(folder, 'node_modules', module), 'dir');
  }
  writeFileSync(join(folder, `${name}.js`), 'return 1');
}

describe('a runner that watches runs a test again when its handler changes', () => {
  it('node --watch, and vitest with its plugin', { timeout: 120_000 }, async () => {
    setUp('handler');
    writeFileSync(
      join(folder, 'plain.mjs'),
      `import { runHandler } from 'nexus-runtime/testing';
      console.log('returned ' + (await runHandler('handler.js')).returnValue);`,
    );
    const node = watching(['--watch', 'plain.mjs']);
    await node('returned 1');

    writeFileSync(
      join(folder, 'vitest.config.mjs'),
      `import { watchHandlers } from 'nexus-runtime/testing/vitest-plugin';
      export default { plugins: [watchHandlers()], test: { include: ['*.spec.mjs'] } };`,
    );
    writeFileSync(
      join(folder, 'handler.spec.mjs'),
      `import { runHandler } from 'nexus-runtime/testing';
      import { it } from 'vitest';
      it('reads', async () => console.log('spec returned ' + (await runHandler('handler.js')).returnValue));`,
    );
    writeFileSync(join(folder, 'other.spec.mjs'), `import { it } from 'vitest'; it('other', () => {});`);
    const vitest = watching([join(root, 'node_modules/vitest/vitest.mjs'), '--watch', '--no-color'], { CI: '' });
    await vitest('Waiting for file changes');

    writeFileSync(join(folder, 'handler.js'), 'return 2');
    await node('returned 2');
    await vitest('spec returned 2');
    expect(started.every(({ exitCode }) => exitCode === null)).toBe(true);
  });
});
