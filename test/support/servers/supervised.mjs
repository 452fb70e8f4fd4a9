import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Waits for the end of its input, which comes when the process that started it ends, however that ends. Then it ends the server and removes
 * its directory. The number of the server's process is its first line.
 */
const SUPERVISOR = `
folder=$1; signal=$2; shift 2
"$@" </dev/null &
pid=$!
echo "$pid"
cat >/dev/null
kill -s "$signal" "$pid" 2>/dev/null
wait "$pid"
rm -rf "$folder"
`;
/**
 * Starts a server that does not outlive this process, and waits until it can be used.
 *
 * @param {object} server
 * @param {readonly string[]} server.command
 * @param {string} server.folder removed at the end
 * @param {RegExp} server.ready what it prints when it can be used
 * @param {'KILL' | 'QUIT' | 'TERM'} [server.signal] what ends it; default: KILL
 * @param {{ uid: number, gid: number }} [server.user] who it runs as; default: the user of this process
 * @returns {Promise<{ pid: number, stop(): Promise<void> }>} `pid` is of the server; `stop` ends it and removes the folder
 */
export async function supervise({ command, folder, ready, signal = 'KILL', user }) {
  const supervisor = spawn('sh', ['-c', SUPERVISOR, 'sh', folder, signal, ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A signal to the group of this process does not reach it.
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
    ...user,
  });
  const stop = async () => {
    if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
    const ended = once(supervisor, 'exit');
    // Who waits for its end does not end before.
    supervisor.ref();
    supervisor.stdin.end();
    await ended;
  };
  try {
    return { pid: await untilReady(supervisor, ready), stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    // The test ends although it runs.
    supervisor.unref();
    for (const stream of [supervisor.stdin, supervisor.stdout, supervisor.stderr]) {
      stream.unref?.();
    }
  }
}
/** @returns {Promise<number>} */
function untilReady(supervisor, ready) {
  return new Promise((resolve, reject) => {
    let text = '';
    let pid;
    const take = (stream, isFirst) =>
      stream?.setEncoding('utf8').on('data', (part) => {
        if (text.length < 100_000) text += part;
        if (isFirst && pid === undefined) pid = Number(/^(\d+)\n/.exec(text)?.[1] ?? Number.NaN) || undefined;
        if (pid !== undefined && ready.test(text)) resolve(pid);
        else if (/(FATAL(?!: {2}the database system is )|fatal|exec: |not found|Address already in use)/.test(text))
          reject(new Error(`The server did not start: ${text}`));
      });
    take(supervisor.stdout, true);
    take(supervisor.stderr, false);
    supervisor.once('error', reject);
    supervisor.once('exit', () => reject(new Error(`The server ended: ${text}`)));
  });
}
/**
 * Ports that nobody has at this moment.
 *
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    ports.push(server.address().port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
