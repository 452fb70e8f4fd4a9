// Loaded before any other import of node:fs/promises: every file operation of this process passes through this module.
import { writeSync } from 'node:fs';
import fs, { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const FUNCTIONS = ['open', 'link', 'lstat', 'rm', 'unlink', 'mkdir', 'readdir', 'chmod'];
const METHODS = ['read', 'readFile', 'stat', 'writeFile', 'utimes', 'datasync', 'sync', 'close'];

let hook;

/**
 * @param {{ before?: (name: string, step: number) => void, after?: (name: string, step: number, error?: Error) => void,
 *   during?: (name: string, step: number) => boolean }} given `during` says whether to stop in the middle of a write
 */
export function watchFileSteps(given) {
  hook = given;
}

const names = [];
export const namesOfSteps = () => names;

function wrap(owner, name) {
  const original = owner[name];
  owner[name] = async function (...args) {
    const its = names.push(name);
    hook?.before?.(name, its);
    if (name === 'writeFile' && hook?.during?.(name, its)) {
      const [content] = args;
      writeSync(this.fd, content.subarray(0, content.length >> 1));
      process.kill(process.pid, 'SIGKILL');
    }
    try {
      const result = await original.apply(this, args);
      hook?.after?.(name, its);
      return result;
    } catch (error) {
      hook?.after?.(name, its, error);
      throw error;
    }
  };
}

const file = await open(new URL(import.meta.url));
const prototype = Object.getPrototypeOf(file);
await file.close();
for (const name of FUNCTIONS) wrap(fs, name);
for (const name of METHODS) wrap(prototype, name);
syncBuiltinESMExports();
