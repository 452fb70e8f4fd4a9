import { expect, it } from 'vitest';

import { explainMissingFile } from '#src/errors/left-behind.js';
import { workerFlags } from '#src/pool/worker-flags.js';
import { type HostFeatures, requireHost } from '#src/support/host.js';

const COMPLETE: HostFeatures = {
  nodeVersion: '20.19.0',
  hasWebAssembly: true,
  hasThreads: true,
  hasSharedMemory: true,
  mayStartThreads: true,
};

it.each([
  [{ nodeVersion: '20.18.3' }, 'it needs Node.js 20.19 or newer, this is 20.18.3.'],
  [{ nodeVersion: '18.20.8' }, 'it needs Node.js 20.19 or newer, this is 18.20.8.'],
  [{ nodeVersion: undefined }, 'it needs Node.js 20.19 or newer, this is no Node.js.'],
  [{ hasWebAssembly: false }, 'there is no WebAssembly. Start Node without --jitless.'],
  [{ hasThreads: false }, 'there are no worker threads (node:worker_threads has no Worker). Use a host that has them.'],
  [{ hasSharedMemory: false }, 'there is no shared memory (SharedArrayBuffer and Atomics). Use a host that has it.'],
  [{ mayStartThreads: false }, 'Node may not start worker threads. Add --allow-worker beside --permission.'],
])('a host with %o is refused by what it lacks', (lacking, message) => {
  expect(() => requireHost(true, { ...COMPLETE, ...lacking })).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIG', message: `nexus-runtime cannot work here: ${message}` }),
  );
});

it.each(['20.19.0', '20.20.2', '21.0.0', '22.0.0', '26.12.1'])('Node %s is new enough', (nodeVersion) => {
  expect(() => requireHost(true, { ...COMPLETE, nodeVersion })).not.toThrow();
});

it('the test kit needs no threads', () => {
  expect(() => requireHost(false, { ...COMPLETE, hasThreads: false, mayStartThreads: false })).not.toThrow();
});

it('this host is complete, and its workers get no flags', () => {
  expect(() => requireHost(true)).not.toThrow();
  expect(workerFlags()).toEqual([]);
});

it.each([
  'ENOENT',
  'ENOTDIR',
  'ERR_INVALID_URL',
  'ERR_INVALID_ARG_VALUE',
  'MODULE_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
])('a file of the package that is missing with %s is explained by the line of each bundler', (code) => {
  const cause = Object.assign(new Error('gone'), { code });
  expect(explainMissingFile(cause, 'engine.image')).toMatchObject({
    code: 'INVALID_CONFIG',
    cause,
    context: { file: 'engine.image' },
    message: expect.stringMatching(/engine\.image.*external: \['nexus-runtime'\].*serverExternalPackages/),
  });
});

it('any other failure to read a file is left as it is', () => {
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' });
  expect(explainMissingFile(denied, 'engine.image')).toBe(denied);
});
