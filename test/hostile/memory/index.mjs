import { Worker } from 'node:worker_threads';

/** As workers have it: see `pool/tinypool-thread.ts`. */
const STACK_MIB = 48;

export const title = 'Memory';

/** @returns how many programs and executions there were, and the programs that left something, with what they left */
export function runMemoryCampaign(options) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('campaign.mjs', import.meta.url), {
      workerData: options,
      resourceLimits: { stackSizeMb: STACK_MIB },
    });
    worker.on('message', resolve);
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the campaign ended with ${code}`)));
  });
}
