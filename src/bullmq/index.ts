/**
 * Runs distributed over processes by BullMQ, on Redis or PostgreSQL.
 *
 * @module nexus-runtime/bullmq
 */

export type { CallTask, ConsumeOptions, Consumption, Dispatcher, RunTask, Task } from '../api/dispatcher.js';
export { type BullmqDispatcher, bullmq } from './bullmq.js';
export type { BullmqOptions } from './options.js';
export type { Schedule, ScheduleTick, ScheduleTimes } from './schedules.js';
