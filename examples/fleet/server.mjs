// A Redis for the example, from the installed redis-server: it ends with the program that starts it.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

/** Whether it can be started. */
export function isInstalled() {
  return spawnSync('redis-server', ['--version']).status === 0;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param folder for its data */
export async function startRedis(folder) {
  const port = await freePort();
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'];
  const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const isReady = new Promise((resolve) => {
    child.stdout.on('data', (text) => String(text).includes('Ready to accept') && resolve(true));
  });
  if ((await Promise.race([isReady, ended])) !== true) throw new Error('redis-server did not start');
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
