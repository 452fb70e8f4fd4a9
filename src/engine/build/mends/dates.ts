import { ZoneRequest } from '../../binary-interface.js';
import { I32, I64, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call, STACK_POINTER } from './quickjs.js';

const { call, get, globalGet, i32Add, i32And, i32Const, i32Eq, i32Load, i32Sub, memoryCopy, set, globalSet, tee } =
  wasm;
const { i32DivS, i32Mul, i64Const, i64ExtendI32s, i64ExtendI32u, i64Mul } = wasm;

/** `String(date)` omits the name of the time zone. The host writes it, for the instant that it was asked about last. */
export const zonesOfDates: Mend = {
  name: 'a date as text names its time zone',
  apply(engine) {
    const [CONTEXT, TEXT, LENGTH, FORMAT, PARTS, FRAME, RESULT] = [0, 1, 2, 3, 4, 5, 6];
    const WITH_ZONE = 1;
    const TIME = 2;
    /** The text has at most 64 bytes, and the length of the name follows it. */
    const LENGTH_AT = 64 + ZoneRequest.maxNameBytes;
    const FRAME_BYTES = LENGTH_AT + 16;
    const lengthAt = [get(FRAME), i32Const(LENGTH_AT), i32Add];
    const newText = engine.append(
      [I32, I32, I32, I32, I32],
      [I64],
      [
        [2, 1, I32, 1, I64],
        ...[get(FORMAT), i32Const(WITH_ZONE), i32Eq, get(PARTS), i32Const(TIME), i32And, i32Const(TIME), i32Eq, i32And],
        wasm.if(
          ...[globalGet(STACK_POINTER), i32Const(FRAME_BYTES), i32Sub, tee(FRAME), globalSet(STACK_POINTER)],
          ...[get(FRAME), get(TEXT), get(LENGTH), memoryCopy],
          ...[get(FRAME), get(LENGTH), i32Add, ...lengthAt, i32Const(0), i32Const(0), call(Call.timeZone)],
          ...[get(CONTEXT), get(FRAME), get(LENGTH), ...lengthAt, i32Load(0), i32Add, call(Call.newText), set(RESULT)],
          ...[get(FRAME), i32Const(FRAME_BYTES), i32Add, globalSet(STACK_POINTER), get(RESULT), wasm.return],
        ),
        ...[get(CONTEXT), get(TEXT), get(LENGTH), call(Call.newText)],
      ],
    );
    // Of the parts, only whether there is a date is left in local 7; it is noted where the time is written.
    const written = [get(2), i32Const(16), i32Add, call(Call.format), get(4), i32Add, set(3)];
    engine.insertAfter(written, [i32Const(TIME), set(7)]);
    const before = [get(0), get(2), i32Const(272), i32Add, get(3)];
    engine.replace([...before, call(Call.newText)], [...before, get(9), get(7), call(newText)]);
  },
};

/**
 * The engine asked for the offset of a local time as if that were in UTC, which is wrong for hours around a change of the clock, and knew
 * offsets in minutes only. Now the host is asked for either direction, in milliseconds, and answers in seconds.
 */
export const offsetsOfZones: Mend = {
  name: 'a local time is converted with the offset that it has',
  apply(engine) {
    const FRAME = 1;
    const FRAME_BYTES = 16;
    const ask = (kind: number) => [
      [1, 1, I32],
      ...[globalGet(STACK_POINTER), i32Const(FRAME_BYTES), i32Sub, tee(FRAME), globalSet(STACK_POINTER)],
      ...[get(0), get(FRAME), i32Const(kind), i32Add, call(Call.localTime)],
      ...[get(FRAME), i32Const(FRAME_BYTES), i32Add, globalSet(STACK_POINTER), get(FRAME), i32Load(0)],
    ];
    const ofLocal = engine.append([I64], [I32], ask(ZoneRequest.ofLocalTime));
    engine.replace([call(Call.getTimezoneOffset), i32Const(60_000), i32Mul], [call(ofLocal), i32Const(1000), i32Mul]);
    // The fields of a date: local 0 is the offset in minutes from here on.
    const negated = [i32Const(0), get(1), call(Call.getTimezoneOffset), i32Sub, tee(0), i64ExtendI32s];
    engine.replace(
      [...negated, i64Const(60_000n), i64Mul],
      [...negated, i64Const(1000n), i64Mul, get(0), i32Const(60), i32DivS, set(0)],
    );
    engine.replace(
      [call(Call.getTimezoneOffset), i64ExtendI32u],
      [call(Call.getTimezoneOffset), i32Const(60), i32DivS, i64ExtendI32u],
    );
    engine.wrap([i32Const(-60), i32DivS], () => ask(ZoneRequest.ofTime));
  },
};
