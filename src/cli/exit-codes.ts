import type { Fault } from '../errors/codes.js';

/** Exit codes: who has to act. */
export const EXIT = {
  ok: 0,
  /** The handler failed, or a check found something. */
  guest: 1,
  /** The call was wrong: an option, a file, a configuration. */
  caller: 2,
  /** The machine or Nexus Runtime itself failed. */
  host: 3,
  /** Ended by Ctrl-C, as shells tell it. */
  interrupted: 130,
} as const;

const BY_FAULT: Readonly<Record<Fault, number>> = { guest: EXIT.guest, caller: EXIT.caller, host: EXIT.host };

export function exitCodeOf(fault: Fault): number {
  return BY_FAULT[fault];
}
