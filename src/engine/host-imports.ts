import { WASM_PAGE_BYTES, ZoneRequest } from './binary-interface.js';
import type { EngineTable } from './known-engines.js';

/**
 * The functions that the engine may call on its host. Everything else that emscripten offers (files, timers,
 * environment) is disabled.
 */
export interface Host {
  /** Milliseconds since the epoch, for `Date`. */
  now(): number;
  /** The limit of linear memory at present, in bytes, below its maximum. */
  memoryCeiling(): number;
  /** The time zone of dates; undefined: UTC. */
  readonly zone: HostZone | undefined;
  /**
   * A function of the host was called, see `vm/host-call.ts`. An error that this throws ends the call into the engine.
   *
   * @param number which one
   * @param argv the address of the arguments
   * @returns the address of the answer, or 0 for undefined
   */
  answer(number: number, argc: number, argv: number): number;
  /** The heap could not grow to `wantedEnd`. An error that this throws ends the call into the engine. */
  onHeapExhausted(wantedEnd: number): void;
}

/** A time zone, for `Date`. */
export interface HostZone {
  /** Seconds from UTC to local time, at a time in milliseconds since the epoch or, if `isLocal`, at a local time that is counted alike. */
  offsetAt(ms: number, isLocal: boolean): number;
  /** The English name of the zone at this time: `Central European Summer Time`. */
  nameAt(ms: number): string;
}

type ImportedFunction = (...args: number[]) => unknown;
type ImportNamespace = Record<string, ImportedFunction | WebAssembly.Memory>;

/** Offsets of the fields of `struct tm` in musl's layout on wasm32. */
const Tm = { sec: 0, min: 4, hour: 8, mday: 12, mon: 16, year: 20, wday: 24, yday: 28, isdst: 32, gmtoff: 36 } as const;

const MS_PER_DAY = 86_400_000;
const MAX_DATE_SECONDS = 8.64e12;

const UTC_NAME = ' (Coordinated Universal Time)';

/**
 * Replaces the imports that would expose the machine: the guest's time zone is that of the run, its environment is
 * empty, and the host provides its clock. So every machine creates the same image, and a suspended VM resumes in the
 * same environment.
 */
export function sealImports(imports: ImportNamespace, table: EngineTable, host: Host): void {
  const names = table.imports;
  const memory = imports[names.memory] as WebAssembly.Memory;
  const view = () => new DataView(memory.buffer);

  imports[names.now] = () => host.now();
  // The time about which the engine asked last: the name of the zone is written for it.
  let asked = 0;
  imports[names.localTime] = ((time: bigint, address: number) => {
    const kind = address & ZoneRequest.kinds;
    if (kind === 0) {
      writeUtc(view(), address, Number(time));
      return;
    }
    asked = Number(time);
    const { zone } = host;
    const offset = zone === undefined ? 0 : zone.offsetAt(asked, kind === ZoneRequest.ofLocalTime);
    view().setInt32((address ^ kind) >>> 0, -offset, true);
  }) as unknown as ImportedFunction;
  imports[names.timeZone] = (first = 0, second = 0, standardName = 0, daylightName = 0) => {
    const target = view();
    if (standardName === 0) {
      const { zone } = host;
      const name = Buffer.from(zone === undefined ? UTC_NAME : ` (${zone.nameAt(asked)})`);
      const length = Math.min(name.length, ZoneRequest.maxNameBytes);
      for (let i = 0; i < length; i++) target.setUint8((first >>> 0) + i, name[i] as number);
      target.setUint32(second >>> 0, length, true);
      return;
    }
    target.setInt32(first, 0, true);
    target.setInt32(second, 0, true);
    for (const name of [standardName, daylightName]) writeCString(target, name, 'UTC');
  };
  imports[names.callHost] = (_context = 0, _self = 0, argc = 0, argv = 0, number = 0) =>
    host.answer(number >>> 0, argc >>> 0, argv >>> 0);
  // Its functions are as old as the image.
  imports[names.freeHostFunction] = () => {};
  imports[names.environSizes] = (count = 0, size = 0) => {
    const target = view();
    target.setUint32(count, 0, true);
    target.setUint32(size, 0, true);
    return 0;
  };
  imports[names.environ] = () => 0;

  const resizeHeap = imports[names.resizeHeap] as ImportedFunction;
  imports[names.resizeHeap] = (bytes = 0) => {
    const grown = resizeHeap(bytes);
    // The engine's addresses are unsigned.
    if (!grown) host.onHeapExhausted(bytes >>> 0);
    return grown;
  };
}

/**
 * Gives a memory a maximum that can change. The module grows it through its JavaScript glue, which uses this
 * object in place of the real memory.
 */
export function boundMemory(memory: WebAssembly.Memory, host: Host): void {
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * WASM_PAGE_BYTES > host.memoryCeiling()) {
      throw new RangeError('the memory limit of this execution is reached');
    }
    return grow(pages);
  };
}

function writeUtc(view: DataView, tm: number, seconds: number): void {
  const date = new Date(Math.max(-MAX_DATE_SECONDS, Math.min(MAX_DATE_SECONDS, seconds)) * 1000);
  const year = date.getUTCFullYear();
  const startOfYear = new Date(0).setUTCFullYear(year, 0, 1);
  const set = (field: number, value: number) => view.setInt32(tm + field, value, true);
  set(Tm.sec, date.getUTCSeconds());
  set(Tm.min, date.getUTCMinutes());
  set(Tm.hour, date.getUTCHours());
  set(Tm.mday, date.getUTCDate());
  set(Tm.mon, date.getUTCMonth());
  set(Tm.year, year - 1900);
  set(Tm.wday, date.getUTCDay());
  set(Tm.yday, Math.floor((date.getTime() - startOfYear) / MS_PER_DAY));
  set(Tm.isdst, 0);
  set(Tm.gmtoff, 0);
}

function writeCString(view: DataView, address: number, text: string): void {
  for (let i = 0; i < text.length; i++) view.setUint8(address + i, text.charCodeAt(i));
  view.setUint8(address + text.length, 0);
}
