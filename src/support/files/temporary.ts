import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { systemTime } from '../timers.js';

const TEMPORARY = /^(.+)\.([0-9a-f]{8})\.(\d+)\.[0-9a-f]{12}\.tmp$/;
/** Process ids say nothing about processes of another host or container. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** In a container every process has the id of the one before it. */
const STARTED_AT_MS = systemTime() - process.uptime() * 1000;

/** A file on its way to its name, and whose it is. */
export interface Temporary {
  /** What it was to become. */
  readonly stem: string;
  readonly host: string;
  readonly pid: number;
}

/** A name that says whose it is, so that it can be swept when its process is gone. */
export function temporaryName(stem: string): string {
  return `${stem}.${HOST}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Undefined for a name that is none of {@link temporaryName}. */
export function parseTemporary(name: string): Temporary | undefined {
  const [, stem, host, pid] = TEMPORARY.exec(name) ?? [];
  if (stem === undefined || host === undefined) return undefined;
  return { stem, host, pid: Number(pid) };
}

/**
 * Whether nobody will finish it: its process is gone, or nobody can tell and it is old.
 *
 * @param touchedMs when it was written, milliseconds since the epoch
 */
export function isOrphaned({ host, pid }: Temporary, touchedMs: number, nowMs: number, staleAfterMs: number): boolean {
  if (nowMs - touchedMs > staleAfterMs) return true;
  if (host !== HOST) return false;
  return pid === process.pid ? touchedMs < STARTED_AT_MS : !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
