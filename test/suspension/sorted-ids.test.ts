import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { SortedIds } from '#src/suspension/memory-store/sorted-ids.js';

const idOf = (n: number) => createHash('md5').update(`${n}`).digest('base64url');

describe('sorted ids', () => {
  it('are those of a sorted list, whatever is added and deleted', () => {
    const ids = new SortedIds();
    const known = new Set<string>();
    const check = () => {
      const all = [...known].sort();
      expect(ids.after('', all.length + 1)).toEqual(all);
      for (const at of [0, 1, all.length >> 1, all.length - 1]) {
        const id = all[at] ?? '';
        expect(ids.after(id, 5)).toEqual(all.filter((one) => one > id).slice(0, 5));
        // Just before it, and just behind it: ids that are not there.
        expect(ids.after(id.slice(0, -1), 3)).toEqual(all.filter((one) => one > id.slice(0, -1)).slice(0, 3));
        expect(ids.after(`${id}~`, 700)).toEqual(all.filter((one) => one > `${id}~`).slice(0, 700));
      }
    };
    check();
    for (let n = 0; n < 3_000; n++) {
      ids.add(idOf(n));
      ids.add(idOf(n));
      known.add(idOf(n));
      if (n % 3 === 0) {
        ids.delete(idOf(n >> 1));
        ids.delete(idOf(-n - 1));
        known.delete(idOf(n >> 1));
      }
      if (n % 500 === 0) check();
    }
    check();
    for (const id of [...known]) {
      ids.delete(id);
      known.delete(id);
      if (known.size % 400 === 0) check();
    }
    ids.add('one');
    ids.clear();
    expect(ids.after('', 5)).toEqual([]);
  });
});
