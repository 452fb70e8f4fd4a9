/** Seeds with which an execution ends its thread, in fragile workers only. */
export const FATES = { exits: 9_001, throws: 9_002, runsOutOfMemory: 9_003, exitsBetween: 9_004 };
