import { join } from 'node:path';
import pg from 'pg';

import { createRuntime } from '#build/index.js';
import { Findings } from '../lib/findings.mjs';
import { connectStore, startServer } from '../lib/fleet-servers.mjs';

export const title = 'records on servers: forged, swapped, truncated, rolled back';
export const isLong = true;

const HANDLER = 'const first = await $ext.shop.price(1); return [first, await $ext.shop.price(2)]';
const ANSWER = { success: true, value: 'an answer' };
/** What is stored for a run that waits, as whoever has the server's password reads and writes it. */
const RECORDS = {
  postgres: (server) => {
    const pool = new pg.Pool({ connectionString: `postgres://postgres@127.0.0.1:${server.port}/postgres`, max: 2 });
    return {
      read: async (run) =>
        (await pool.query('SELECT envelope FROM nexus.waiting WHERE run_id = $1', [run])).rows[0].envelope,
      write: (run, bytes) => pool.query('UPDATE nexus.waiting SET envelope = $2 WHERE run_id = $1', [run, bytes]),
      end: () => pool.end(),
    };
  },
  redis: ({ client }) => {
    const keyOf = async (run) => (await client.keys(`*r:${run}`))[0];
    return {
      read: async (run) => client.hgetBuffer(await keyOf(run), 'e'),
      write: async (run, bytes) => client.hset(await keyOf(run), 'e', bytes),
      end: () => {},
    };
  },
};
const EDITS = {
  forged: async ({ bytes }) => {
    const edited = Buffer.from(bytes);
    edited[Math.floor(Math.random() * edited.length)] ^= 1 << Math.floor(Math.random() * 8);
    return edited;
  },
  truncated: async ({ bytes }) => bytes.subarray(0, Math.floor(Math.random() * bytes.length)),
  swapped: async ({ other }) => other,
  'rolled back': async ({ before }) => before,
};

export async function run(options) {
  const findings = new Findings();
  const figures = [];
  for (const kind of Object.keys(RECORDS)) figures.push(await editAll(kind, options, findings));
  return findings.end(figures.join('; '));
}

async function editAll(kind, options, findings) {
  const server = await startServer(kind, join(options.scratch, kind));
  const records = RECORDS[kind](server);
  const stored = connectStore({ kind, port: server.port });
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, ...stored.suspensions });
  const codes = new Map();
  const suspend = async () => {
    const { suspension } = await runtime.executeHandler(HANDLER, { capabilities: ['ext:*'] });
    return suspension.suspensionId;
  };
  try {
    const times = Number(options.runs ?? 500);
    for (let index = 0; index < times; index++) {
      const [name, edit] = Object.entries(EDITS)[index % Object.keys(EDITS).length];
      const first = await suspend();
      const run = first.split('.')[0];
      const before = await records.read(run);
      const { suspension } = await runtime.resumeHandler(first, ANSWER);
      const bytes = await records.read(run);
      const other = await records.read((await suspend()).split('.')[0]);
      await records.write(run, await edit({ bytes, before, other }));
      const refusal = await runtime.resumeHandler(suspension.suspensionId, ANSWER).then(
        ({ status }) => `it ended as ${status}`,
        ({ code }) => code,
      );
      codes.set(`${name} ${refusal}`, (codes.get(`${name} ${refusal}`) ?? 0) + 1);
      findings.check(/^(SUSPENSION|INTEGRITY)_/.test(refusal), `${kind}, ${name}: ${refusal}`);
      await records.write(run, bytes);
      const { returnValue } = await runtime.resumeHandler(suspension.suspensionId, ANSWER);
      findings.check(returnValue?.length === 2, `${kind}: a record that was put back does not go on`);
    }
    return `${kind}: ${[...codes].map(([what, count]) => `${count} ${what}`).join(', ')}`;
  } finally {
    await runtime.shutdown();
    await stored.end();
    await records.end();
    await server.stop();
  }
}
