// A process with a runtime, under another user when it is told to.
import { createRuntime } from '#dist/index.js';
import { serve, startArguments } from '../../lib/serve.mjs';

const [options, user] = startArguments();
const warnings = [];
process.on('warning', (warning) => warnings.push(`${warning.code ?? warning.name}: ${warning.message}`));

const settings = { maxInstances: 1, metrics: false };
const runtime = await createRuntime({ ...settings, ...options });
if (user) await becomeUser();

/** Another user may be unable to read this package: everything except the cache is loaded before the change of user. */
async function becomeUser() {
  const elsewhere = await createRuntime({ ...settings, cacheDir: false });
  const artifact = await elsewhere.precompileHandler('return "loaded"');
  await elsewhere.shutdown();
  await runtime.executeCompiledHandler(artifact);
  process.setgroups([]);
  process.setgid(user);
  process.setuid(user);
}

serve({
  /** Executes handlers number `from` to `from + count` and says how it went. */
  async execute({ from, count, padding = 0 }) {
    let failed = 0;
    for (let number = from; number < from + count; number++) {
      const code = `return 'handler ' + ${number}; // ${'x'.repeat(padding)}`;
      const result = await runtime.executeHandler(code);
      if (result.returnValue !== `handler ${number}`) failed++;
    }
    await runtime.clearCache({ memory: true, disk: false });
    return { failed, warnings, cache: runtime.getStats().cache };
  },
  /** Everything else that touches the directory. */
  async maintain() {
    const report = await runtime.verifyCache();
    await runtime.clearCache();
    return { report, warnings };
  },
});
