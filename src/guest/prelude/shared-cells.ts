import { CELL_CALLED_AT, CELL_ENTROPY_AT, CELL_MISSING_AT, CELL_STARTED_AT, CELL_TASKS_AT } from '../abi.js';

/** Bytes that host and guest share at a known address, instead of making calls. */
let startedAt: Float64Array;
let missing: Uint8Array;
let called: Uint8Array;
let tasks: Uint8Array;

/** @returns the bytes with entropy for `crypto` */
export function openCells(cells: ArrayBuffer): Uint8Array {
  startedAt = new Float64Array(cells, CELL_STARTED_AT, 1);
  missing = new Uint8Array(cells, CELL_MISSING_AT, 1);
  called = new Uint8Array(cells, CELL_CALLED_AT, 1);
  tasks = new Uint8Array(cells, CELL_TASKS_AT, 1);
  return new Uint8Array(cells, CELL_ENTROPY_AT);
}

/** The start of the execution, in milliseconds since the epoch. */
export function executionStart(): number {
  return startedAt[0] as number;
}

/** Tells the host which feature is missing. */
export function noteMissing(mark: number): void {
  missing[0] = mark;
}

/** Tells the host that the handler may wait for an extension. */
export function noteCall(): void {
  called[0] = 1;
}

/** Tells the host whether there are tasks for when no jobs are left. */
export function noteTasks(exist: boolean): void {
  tasks[0] = exist ? 1 : 0;
}
