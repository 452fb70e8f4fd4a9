// Acts as a browser: opens the panels, calls their tools, and prints what a person would see.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime } from 'nexus-runtime';
import { parseNxml } from './nxml.mjs';
import { readPanel } from './panel.mjs';
import { createApplication } from './server.mjs';

const cacheDir = await mkdtemp(join(tmpdir(), 'nexus-panels-'));
const runtime = await createRuntime({ cacheDir });
const application = await createApplication(runtime);
const origin = await application.listen({ port: 0 });

const panel = await post('panels/shop', {});
console.log(`${panel.title}: ${Object.keys(panel.tools).join(', ')}; ${panel.state.hint}`);
console.log(`search needs ${panel.tools.search.capabilities.join(', ')}`);
await call('search', { text: 'l' });
await call('search', { text: 'lamp' });
await call('order', { sku: 'LAMP-2', quantity: '2' });
await call('order', { sku: 'LAMP-3', quantity: '1' });

console.log('\nA mistake in a file is told with its place:');
const faults = [
  '<NexusPanel titel="Shop"></NexusPanel>',
  '<NexusPanel title="Shop">\n  <View>\n</NexusPanel>',
  '<NexusPanel title="a">\n<View><Button label="x" tool="serch"/></View>\n<Tools><Tool name="search"><Handler>1</Handler></Tool></Tools></NexusPanel>',
];
for (const text of faults) {
  try {
    readPanel(parseNxml(text, 'shop.nxml'), 'shop.nxml');
  } catch (error) {
    console.log(error.message);
  }
}

await application.close();
await runtime.shutdown();
await rm(cacheDir, { recursive: true, force: true });

async function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${origin}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  return isStream ? response : response.json();
}

/** Prints effects in the order in which they arrive. */
async function call(tool, inputs) {
  console.log(`\n${tool} ${JSON.stringify(inputs)}`);
  const answer = await post(`open/${panel.id}/${tool}`, inputs);
  if (!(answer instanceof Response)) return console.log(`  refused at ${answer.field}: ${answer.message}`);
  for (const block of (await answer.text()).split('\n\n')) {
    const [, event, json] = /event: (\w+)\ndata: (.*)/.exec(block) ?? [];
    const data = json && JSON.parse(json);
    if (event === 'result' && data.status === 'error')
      console.log(`  failed: ${data.error.message}, line ${data.error.location.line} of shop.nxml`);
    if (event !== 'effects') continue;
    for (const { componentId, args } of data.viewCommands) console.log(`  view  ${componentId} ${args.join(' ')}`);
    for (const { key, value } of data.stateMutations)
      console.log(`  state ${key} = ${JSON.stringify(value).slice(0, 60)}`);
  }
}
