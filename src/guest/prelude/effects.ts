import { EVENTS, EVENTS_EMIT, LOG_BYTES, LOGGING, VIEW_COMMANDS, VIEW_UPDATE } from '../abi.js';
import { admit, checkRoom, cutsLog, roomOf } from './admission.js';
import { snapshot } from './copy.js';
import { apply, define, nullArray, StringFunction, sliceText, startsWith, stringify, text } from './intrinsics.js';
import { marker } from './tagged-values.js';
import { isError } from './value-kinds.js';

type Level = 'debug' | 'info' | 'warn' | 'error';
export type Effect = unknown[];

export const events = nullArray<Effect>([]);
export const viewCommands = nullArray<Effect>([]);
export const logs = nullArray<Effect>([]);
let logBytes = 0;
/** The last entry of a log that is full: how many others were cut or left out. */
let omission: Effect | undefined;
/** Lines that the host took while the handler ran. */
let logsTaken = 0;

/** Starts a new segment after a suspension: delivered effects are removed. */
export function forgetEffects(): void {
  events.length = 0;
  viewCommands.length = 0;
  logs.length = 0;
  logBytes = 0;
  omission = undefined;
  logsTaken = 0;
}

/** Lines for the host while the handler runs. The last entry of a full log still changes, so it is left to the outcome. */
export function newLogs(): unknown[] | undefined {
  if (logsTaken >= logs.length || logs[logsTaken] === omission) return undefined;
  const fresh = nullArray<Effect>([]);
  while (logsTaken < logs.length && logs[logsTaken] !== omission) {
    fresh[fresh.length] = logs[logsTaken++] as Effect;
  }
  return nullArray<unknown>([marker, fresh]);
}

export function emit(name: unknown, payload: unknown): void {
  const event = typeof name === 'string' ? name : StringFunction(name);
  const at = events.length;
  admit(EVENTS_EMIT, event, EVENTS, at + 1);
  const copy = snapshot(payload, '$emit payload');
  // An accessor of the payload may have emitted as well.
  if (events.length !== at) checkRoom(EVENTS, events.length + 1);
  events[events.length] = [event, copy];
}

function viewCommand(type: string): (componentId: unknown, ...args: unknown[]) => void {
  return (componentId, ...args) => {
    const component = StringFunction(componentId);
    const at = viewCommands.length;
    admit(VIEW_UPDATE, component, VIEW_COMMANDS, at + 1);
    const copy = snapshot(args, '$view arguments');
    if (viewCommands.length !== at) checkRoom(VIEW_COMMANDS, viewCommands.length + 1);
    viewCommands[viewCommands.length] = [type, component, copy];
  };
}

export const view = {
  setFilter: viewCommand('setFilter'),
  scrollTo: viewCommand('scrollTo'),
  focus: viewCommand('focus'),
  command: viewCommand('custom'),
};

/** Name and message as they are now: the stack has those with which the error was made. */
function renderError(error: Error): string {
  const head = text(StringFunction(error.name), ': ', StringFunction(error.message));
  const stack = StringFunction(error.stack ?? '');
  return apply(startsWith, stack, [head]) ? stack : text(head, '\n', stack);
}

function render(part: unknown): string {
  if (typeof part === 'string') return part;
  try {
    if (isError(part)) return renderError(part);
    return stringify(part) ?? StringFunction(part);
  } catch {
    return typeof part === 'bigint' || typeof part === 'symbol' ? StringFunction(part) : '[unprintable]';
  }
}

export function writeLine(level: Level, message: string): void {
  // A method of the handler that was called for the message may have filled the log.
  if (isOmitted()) return;
  const room = roomOf(LOG_BYTES) - logBytes;
  if (cutsLog && message.length > room) {
    cutLog(level, message, room);
    return;
  }
  logBytes += message.length;
  admit(LOGGING, level, LOG_BYTES, logBytes);
  logs[logs.length] = [level, message];
}

function logger(level: Level): (...parts: unknown[]) => void {
  return (...parts) => {
    if (isOmitted()) return;
    let message = '';
    for (let i = 0; i < parts.length; i++) message += (i === 0 ? '' : ' ') + render(parts[i]);
    writeLine(level, message);
  };
}

function isOmitted(): boolean {
  if (omission === undefined) return false;
  (omission[2] as number)++;
  return true;
}

/** The beginning of the entry that does not fit, and from then on a count. The host writes the text of it. */
function cutLog(level: Level, message: string, room: number): void {
  if (room > 1) {
    logBytes += room;
    admit(LOGGING, level, LOG_BYTES, logBytes);
    logs[logs.length] = [level, text(apply(sliceText, message, [0, room - 1]), '…')];
  }
  omission = nullArray<unknown>(['warn', '', 1]);
  logs[logs.length] = omission;
}

export const log = logger('info');
const levels = { debug: logger('debug'), info: log, warn: logger('warn'), error: logger('error') };
define(log, 'debug', levels.debug);
define(log, 'info', levels.info);
define(log, 'warn', levels.warn);
define(log, 'error', levels.error);
