// Starts the server on a free port, acts as its client, and ends the server during a request.
import { once } from 'node:events';
import { createServer } from './server.mjs';

const weather = {
  /** Takes some time; meanwhile a deployment sends SIGTERM. */
  async at() {
    process.kill(process.pid, 'SIGTERM');
    await once(process, 'SIGTERM');
    await post('price', { items: [] });
    return { celsius: 21 };
  },
};

const server = await createServer({ extensions: { weather } });
const origin = await server.listen({ port: 0, host: '127.0.0.1' });
const ended = new Promise((resolve) => {
  process.once('SIGTERM', () => {
    console.log('SIGTERM');
    resolve(server.close());
  });
});

await post('price', { items: [{ price: 60, quantity: 2 }] });
await post('price', { items: 'none' });
await post('endless', {});
await post('nowhere', {});

const metrics = await (await fetch(`${origin}/metrics`)).text();
console.log('GET /metrics');
for (const line of metrics.split('\n'))
  if (/^nexus_handler_(executions|errors)_total.* [1-9]/.test(line)) console.log(`  ${line}`);

await post('weather', { city: 'Graz' });
await ended;
console.log('the server has ended');

async function post(name, body) {
  const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`${origin}/handlers/${name}`, options).then(
    async (response) => (response.status === 503 ? 'refused' : `${response.status} ${await response.text()}`),
    () => 'refused',
  );
  console.log(`POST /handlers/${name} ${answer}`);
}
