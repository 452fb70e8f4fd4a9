// Contexts of a given size.
/** A state of a given size as JSON, and a handler that reads one of its keys. */
export function sized(bytes) {
  const records = [];
  for (let length = 0; length < bytes; ) {
    const id = records.length;
    const record = { id, name: `customer ${id * 7919}`, total: id * 12.5 };
    records.push(record);
    length += JSON.stringify(record).length + 1;
  }
  return {
    source: 'return $state.records.length;',
    context: { stateSnapshot: { records }, capabilities: ['state:read:records'] },
    expected: records.length,
  };
}

/** The same with a handler that reads every property of every record. */
export function sizedAndRead(bytes) {
  const work = sized(bytes);
  const sum = (records) => records.reduce((total, { id, name, total: amount }) => total + id + name.length + amount, 0);
  return {
    ...work,
    source: 'let sum = 0; for (const r of $state.records) sum = sum + r.id + r.name.length + r.total; return sum;',
    expected: sum(work.context.stateSnapshot.records),
  };
}
