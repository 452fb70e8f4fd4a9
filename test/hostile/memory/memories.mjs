// All linear memories of this thread, by owner. Import it before the engine.
const memories = new Map();
let owner;
const Memory = WebAssembly.Memory;

WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    super(descriptor);
    memories.set(new WeakRef(this), owner);
  }
};

/** Memories that are created while `run` runs belong to `maker`. One call at a time. */
export async function madeFor(maker, run) {
  owner = maker;
  return run();
}

/** The memories of `maker` that were not garbage-collected. */
export function memoriesOf(maker) {
  return [...memories].flatMap(([reference, madeBy]) => {
    const memory = reference.deref();
    if (memory === undefined) memories.delete(reference);
    return memory === undefined || madeBy !== maker ? [] : [Buffer.from(memory.buffer)];
  });
}
