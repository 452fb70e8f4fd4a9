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
