// The application. `request` runs the handler until it waits for a person; `answer` resumes it in another
// process.
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'nexus-runtime';

const [command, suspensionDir] = process.argv.slice(2);

const runtime = await createRuntime({
  // Suspended handlers are stored here, and outlive this process.
  suspensionDir,
  // They contain the state and arguments of a customer, so they are encrypted.
  suspensionSecret: process.env.SUSPENSION_SECRET,
  // Nothing else is needed to resume, neither the source nor the compiled handler.
  cacheDir: false,
});

const commands = { request, answer };
try {
  await commands[command]();
} finally {
  await runtime.shutdown();
}

async function request() {
  const source = await readFile(new URL('handlers/refund.js', import.meta.url), 'utf8');
  const result = await runtime.executeHandler(source, {
    handlerName: 'refund',
    panelId: 'order-1042',
    args: { order: 1042, amount: 80 },
    capabilities: ['state:write:status', 'events:emit:refund.*', 'ext:approvals.request'],
  });
  // The effects up to the `await` are already here: the user interface does not wait for the person.
  show(result);
  const [call] = result.suspension.calls;
  console.log(`  asks $ext.${call.extensionName}.${call.method}:`, ...call.args);
}

async function answer() {
  for await (const { id, state, info } of runtime.listSuspensions()) {
    if (state !== 'suspended') continue;
    const [{ extensionName, method }] = info.calls;
    console.log(`found ${info.handlerName} of ${info.panelId}, waiting for ${extensionName}.${method}`);
    // The first answer decides. A second one, for example from a second click, gets the same result and runs
    // nothing.
    const decision = { success: true, value: { approved: true, by: 'Grace' } };
    const result = await runtime.resumeHandler(id, decision);
    show(result);
    console.log('  returns', JSON.stringify(result.returnValue));
    const again = await runtime.resumeHandler(id, { success: true, value: { approved: false, by: 'Mallory' } });
    console.log('  answered once more:', JSON.stringify(again.returnValue));
  }
}

function show({ status, stateMutations, events, error }) {
  console.log(status, error?.message ?? '');
  for (const { key, value } of stateMutations) console.log(`  $state.${key} =`, value);
  for (const { name, payload } of events) console.log(`  ${name}`, payload);
}
