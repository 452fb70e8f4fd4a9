// Serves the panels, as a pod does: PORT and HOST say where it listens, and
// NEXUS_CACHE_DIR and the other variables of the runtime how it runs.
import { configFromEnv, createRuntime } from 'nexus-runtime';
import { createApplication } from './server.mjs';

const { PORT = '8080', HOST = '127.0.0.1' } = process.env;
const runtime = await createRuntime(configFromEnv());
const application = await createApplication(runtime);
const url = await application.listen({ port: Number(PORT), host: HOST });
console.log(`The panels are at ${url}`);
// Everything derived is in the cache before the first person opens a panel.
for (const name of await application.panels.names())
  await application.panels.open(name).catch((error) => console.error(error.message));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await application.close();
    await runtime.shutdown();
  });
}
