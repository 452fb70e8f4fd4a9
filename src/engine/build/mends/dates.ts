import { I32, I64, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call, STACK_POINTER } from './quickjs.js';

const { call, get, globalGet, i32Add, i32And, i32Const, i32Eq, i32Sub, memoryCopy, set, globalSet, tee } = wasm;

/** The name of the only time zone. */
const ZONE = ' (Coordinated Universal Time)';

/** `String(date)` omits the name of the time zone. */
export const zonesOfDates: Mend = {
  name: 'a date as text names its time zone',
  apply(engine) {
    const zone = engine.addText(ZONE);
    const [CONTEXT, TEXT, LENGTH, FORMAT, PARTS, FRAME, RESULT] = [0, 1, 2, 3, 4, 5, 6];
    const WITH_ZONE = 1;
    const TIME = 2;
    /** The text has at most 64 bytes. */
    const FRAME_BYTES = 112;
    const newText = engine.append(
      [I32, I32, I32, I32, I32],
      [I64],
      [
        [2, 1, I32, 1, I64],
        ...[get(FORMAT), i32Const(WITH_ZONE), i32Eq, get(PARTS), i32Const(TIME), i32And, i32Const(TIME), i32Eq, i32And],
        wasm.if(
          ...[globalGet(STACK_POINTER), i32Const(FRAME_BYTES), i32Sub, tee(FRAME), globalSet(STACK_POINTER)],
          ...[get(FRAME), get(TEXT), get(LENGTH), memoryCopy],
          ...[get(FRAME), get(LENGTH), i32Add, i32Const(zone), i32Const(ZONE.length), memoryCopy],
          ...[get(CONTEXT), get(FRAME), get(LENGTH), i32Const(ZONE.length), i32Add, call(Call.newText), set(RESULT)],
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
