// An application that continues after its runtime gave up on a slow disk.
import { mkdirSync, openSync, readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { createRuntime } from '#dist/index.js';
import { serve, startArguments } from '../../lib/serve.mjs';
import { slowDown } from '../../lib/slow-disk.mjs';

const [{ cacheDir }, applicationDir] = startArguments();
const DELAY_MS = 800;
const HANDLERS = 3;
/** Writes that are not done by then never end. */
const AFTERWARDS_MS = DELAY_MS * (HANDLERS + 2);
const FILES = ['draft.tmp', 'upload.tmp', `${'0'.repeat(64)}.qjsc`];

serve({
  async run() {
    mkdirSync(applicationDir);
    for (const name of FILES) {
      writeFileSync(join(applicationDir, name), 'precious');
      utimesSync(join(applicationDir, name), 1, 1);
    }
    const runtime = await createRuntime({ maxInstances: 1, metrics: false, cacheDir });
    await runtime.executeHandler('return "before"');
    await runtime.clearCache({ memory: true, disk: false });
    // The next write opens the directory again, amid others that wait.
    rmSync(cacheDir, { recursive: true });
    await slowDown(DELAY_MS);
    let failed = 0;
    for (let number = 0; number < HANDLERS; number++) {
      const { returnValue } = await runtime.executeHandler(`return ${number}`);
      if (returnValue !== number) failed++;
    }
    await runtime.shutdown({ drainTimeoutMs: 0 });
    // Whatever descriptors the runtime gave back are the application's now.
    for (let i = 0; i < 30; i++) openSync(applicationDir);
    await setTimeout(AFTERWARDS_MS);
    const left = readdirSync(applicationDir);
    return {
      failed,
      handlers: HANDLERS,
      missing: FILES.filter((name) => !left.includes(name)),
      open: openBelow(cacheDir),
    };
  },
});

/** Paths below a directory that this process has open. */
function openBelow(directory) {
  const paths = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return '';
    }
  });
  return paths.filter((path) => path.startsWith(directory));
}
