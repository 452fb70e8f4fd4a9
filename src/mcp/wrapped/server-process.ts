import type { ChildProcess } from 'node:child_process';

import { settleWithin } from '../../support/waiting.js';
import { StdioClientTransport } from '../sdk/client.js';

/** Between the end of its input, SIGTERM and SIGKILL, in milliseconds. */
const GRACE_MS = 1_000;

/** Processes of servers that have not ended. */
const living = new Set<ChildProcess>();

/**
 * The connection to a server that is a process of ours. The process ends with the connection, and with this process: it may ignore the end of its
 * input and SIGTERM.
 */
export class ProcessTransport extends StdioClientTransport {
  #child: ChildProcess | undefined;

  override async start(): Promise<void> {
    await super.start();
    // The SDK shows only its pid, which may be another process's once it has ended.
    const { _process: child } = this as unknown as { readonly _process?: ChildProcess };
    if (child === undefined || hasEnded(child)) return;
    this.#child = child;
    if (living.size === 0) process.on('exit', endAll);
    living.add(child);
    child.once('exit', () => {
      living.delete(child);
      if (living.size === 0) process.off('exit', endAll);
    });
  }

  override async close(): Promise<void> {
    // It ends the input. What it does after that takes longer than our own process may have, and waits for others that hold its output.
    const closing = super.close();
    closing.catch(() => {});
    if (this.#child === undefined) return closing;
    await end(this.#child);
  }
}

/** Ends all processes of servers at once: this process is about to end, and has no time to ask them. */
export function endAll(): void {
  for (const child of living) child.kill('SIGKILL');
}

async function end(child: ChildProcess): Promise<void> {
  for (const signal of [undefined, 'SIGTERM', 'SIGKILL'] as const) {
    if (hasEnded(child)) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (signal !== undefined) child.kill(signal);
    await settleWithin(exited, GRACE_MS);
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
