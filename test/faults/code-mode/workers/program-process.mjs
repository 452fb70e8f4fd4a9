// Runs and resumes programs for the campaign. With `killAt`, it kills itself at that step: a file operation of the store, or a moment of a tool.
import { namesOfSteps, watchFileSteps } from '../../lib/file-steps.mjs';
import { serve, startArguments } from '../../lib/serve.mjs';

const [{ suspensionDir, ledger, leaseMs, killAt }] = startArguments();
const { createCodeMode } = await import('#dist/code-mode.js');
const { createRuntime } = await import('#dist/index.js');
const { PROGRAM, service } = await import('../../lib/approved-programs.mjs');

const kill = () => process.kill(process.pid, 'SIGKILL');
let steps = 0;
const names = [];
const step = (name) => {
  names.push(name);
  if (++steps === killAt) kill();
};
watchFileSteps({
  before: (name) => step(`before ${name}`),
  after: (name) => step(`after ${name}`),
  during: (name) => {
    step(`during ${name}`);
    return false;
  },
});
void namesOfSteps;

const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, suspensionDir, leaseMs });
const codeMode = createCodeMode({ runtime, tools: service(ledger, (when) => step(`${when} a tool`)) });
const shown = ({ status, result, text }) => ({ status, result, text });

serve({
  begin: async (runId) => shown(await codeMode.run(PROGRAM, { runId })),
  resume: async (runId) => shown(await codeMode.resume(runId)),
  steps: () => names,
});
