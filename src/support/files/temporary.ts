import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { systemTime } from '../timers.js';

const TEMPORARY = /^(.+)\.([0-9a-f]{8})\.(\d+)\.[0-9a-f]{12}\.tmp$/;
/** Process ids are meaningful only on the same host or container. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** In a container every process has the id of the one before it. */
const STARTED_AT_MS = systemTime() - process.uptime() * 1000;

/** A file under a temporary name, with its owner. */
export interface Temporary {
  /** The later name. */
  readonly stem: string;
  readonly host: string;
  readonly pid: number;
}

/** A name that contains its owner, so that the file can be swept when its process is gone. */
export function temporaryName(stem: string): string {
  return `${stem}.${HOST}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Undefined for a name that {@link temporaryName} did not create. */
export function parseTemporary(name: string): Temporary | undefined {
  const [, stem, host, pid] = TEMPORARY.exec(name) ?? [];
  if (stem === undefined || host === undefined) return undefined;
  return { stem, host, pid: Number(pid) };
}

/**
 * Whether it will never be finished: its process is gone, or this is unknown and the file is old.
 *
 * @param touchedMs the time of its last write, in milliseconds since the epoch
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
