import { describe, expect, it } from 'vitest';

import { CheckpointAreas, type TakenArea } from '#src/pool/checkpoints/areas.js';
import { createBlock, isStill, markArea } from '#src/protocol/checkpoint.js';

const KIB = 1024;
const UNIT = 512 * KIB;

/** As many areas as there are. */
function takeAll(areas: CheckpointAreas, key = 'a'): TakenArea[] {
  const taken: TakenArea[] = [];
  for (let area = areas.take(key); area !== undefined; area = areas.take(key)) taken.push(area);
  return taken;
}

const placeOf = ({ block, start, bytes }: TakenArea) => [block, start, bytes.length, bytes.byteOffset];

describe('areas of checkpoints', () => {
  it('are as many as fit, none in the place of another, and none at all without memory', () => {
    const areas = new CheckpointAreas(40 * UNIT + 5);
    const taken = takeAll(areas);
    expect(taken).toHaveLength(40);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(40);
    expect(new Set(taken.map(({ block, start }) => `${block}:${start}`)).size).toBe(40);
    for (const { start, bytes } of taken) expect([bytes.length, bytes.byteOffset]).toEqual([UNIT, start]);
    expect([areas.usedBytes, areas.memoryBytes]).toEqual([40 * UNIT, 40 * (UNIT + 4)]);
    expect(takeAll(new CheckpointAreas(0))).toEqual([]);
    expect(takeAll(new CheckpointAreas(UNIT - 1))).toEqual([]);
  });

  it('are used again once they are released, under another id, however often that is said', () => {
    const areas = new CheckpointAreas(2 * UNIT);
    const [first, second] = takeAll(areas) as [TakenArea, TakenArea];
    first.release();
    first.release();
    expect(areas.usedBytes).toBe(UNIT);
    const again = areas.take('a') as TakenArea;
    expect(placeOf(again)).toEqual(placeOf(first));
    expect([first.id, second.id]).not.toContain(again.id);
    first.release();
    expect(areas.take('a')).toBeUndefined();
  });

  it('are not used again while a worker has them', () => {
    const areas = new CheckpointAreas(UNIT);
    const area = areas.take('a') as TakenArea;
    area.hold();
    area.hold();
    area.release();
    expect(areas.take('a')).toBeUndefined();
    area.drop();
    expect(areas.take('a')).toBeUndefined();
    area.drop();
    expect(areas.take('a')).toBeDefined();
  });

  it('stay when a worker drops what was not released', () => {
    const areas = new CheckpointAreas(UNIT);
    const area = areas.take('a') as TakenArea;
    area.hold();
    area.drop();
    expect(areas.take('a')).toBeUndefined();
  });

  it('are as large as the handler is known to need, up to 4 MiB', () => {
    const areas = new CheckpointAreas(32 * UNIT);
    areas.noteNeed('large', 3 * UNIT - 1);
    areas.noteNeed('large', 10);
    areas.noteNeed('huge', 8 * UNIT + 1);
    expect(areas.take('large')?.bytes.length).toBe(3 * UNIT);
    expect(areas.take('small')?.bytes.length).toBe(UNIT);
    expect(areas.take('huge')).toBeUndefined();
    // Adjacent ones: of 16 in a block, four times three are left.
    expect(takeAll(areas, 'large')).toHaveLength(4 + 5);
    expect(takeAll(areas, 'small')).toHaveLength(1);
  });

  it('have only what was written, as a checkpoint', () => {
    const area = new CheckpointAreas(UNIT).take('a') as TakenArea;
    area.bytes.fill(1);
    expect(area.written(100).bytes).toEqual(new Uint8Array(100).fill(1));
  });

  it.each([
    1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32 + 7,
  ])('are known to be still there by the id %d, until they are free', (id) => {
    const memory = createBlock(2);
    const area = { id, block: 1, start: UNIT, bytes: new Uint8Array(memory, UNIT, UNIT) };
    expect(isStill(area)).toBe(false);
    markArea(memory, 1, id);
    expect(isStill(area)).toBe(true);
    expect(isStill({ ...area, id: id + 1 })).toBe(false);
    markArea(memory, 1, 0);
    expect(isStill(area)).toBe(false);
  });
});
