// All linear memories of this thread, by whom they are made for. Import it before the engine.
const memories = new Map();
let owner;
const Memory = WebAssembly.Memory;

WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    super(descriptor);
    memories.set(new WeakRef(this), owner);
  }
};

/** What is made while it runs is its. One at a time. */
export async function madeFor(maker, run) {
  owner = maker;
  return run();
}

/** Those that are still there. */
export function memoriesOf(maker) {
  return [...memories].flatMap(([reference, madeBy]) => {
    const memory = reference.deref();
    if (memory === undefined) memories.delete(reference);
    return memory === undefined || madeBy !== maker ? [] : [Buffer.from(memory.buffer)];
  });
}
