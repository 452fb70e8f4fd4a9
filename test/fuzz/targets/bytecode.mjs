// Damaged bytecode with a valid seal, beside another tenant: it may cost its worker, and nothing else.
import { CONTAINER_VERSION, openArtifact, sealArtifact } from '#build/cache/artifact.js';
import { mutateBytes } from '../lib/mutate.mjs';
import { Neighbour } from '../lib/neighbour.mjs';
import { ATTACK, OPTIONS, openRuntime } from '../lib/runtime.mjs';
import { withoutParts } from '../lib/shrink.mjs';

export const cases = 20_000;
export const short = 20;

const SECRET = Buffer.from(OPTIONS.cacheSecret);
const SOURCES = [
  'return [$args.a, 1 + 2, "text", { k: [1n, null] }]',
  'const f = (x) => x > 0 ? f(x - 1) + x : 0; return f(20)',
  'let s = ""; for (const [k, v] of Object.entries({ a: 1, b: 2 })) { try { if (v > 1) throw new Error(k); s += k } finally { s += v } } return s',
  'function* g() { for (let i = 0; i < 5; i++) yield i * 2 } return [...g()].map((x) => x ** 2)',
  'class A { #x = 1; get x() { return this.#x } static m(...r) { return r.length } } return [new A().x, A.m(1, 2)]',
  'const b = new Uint8Array(64); new Float64Array(b.buffer)[1] = 1.5; return [b, /(a+)b/.exec("aab"), `${b.length}`]',
  'await null; const { a, ...rest } = $args; $state.n = rest; $emit("e", a); return async () => a',
];
const CONTEXT = { args: { a: 7, b: 'x' }, capabilities: ['state:write:*', 'events:emit:*'] };
const bytecodes = await compiled();

async function compiled() {
  const runtime = await openRuntime();
  const artifacts = await Promise.all(SOURCES.map((source) => runtime.precompileHandler(source)));
  await runtime.shutdown();
  return artifacts.map((artifact, i) => ({ source: SOURCES[i], ...opened(artifact) }));
}

function opened(artifact) {
  // The header says which engine it is of; it is read here as the library writes it.
  const engine = engineOf(artifact);
  const { header, content } = openArtifact(artifact, engine, [SECRET]);
  return { header, content: Uint8Array.from(content) };
}

function engineOf(artifact) {
  let engine = '';
  try {
    openArtifact(artifact, '', [SECRET]);
  } catch (error) {
    [, engine = ''] = /was compiled for engine (\S+), this is/.exec(error.message) ?? [];
  }
  if (engine === '') throw new Error(`An artifact of version ${CONTAINER_VERSION} does not name its engine.`);
  return engine;
}

/** A case: `{ base, content }`. */
export function generate(random) {
  const base = random.below(bytecodes.length);
  const others = bytecodes.map(({ content }) => content);
  return { base, content: mutateBytes(random, bytecodes[base].content, others) };
}

export async function open() {
  const runtime = await openRuntime();
  return { runtime, neighbour: await Neighbour.settle(runtime) };
}

export function close({ runtime }) {
  return runtime.shutdown({ drainTimeoutMs: 1_000 });
}

export function run({ base, content }, { runtime, neighbour }) {
  const artifact = sealArtifact(bytecodes[base].header, content, SECRET);
  return neighbour.beside(runtime, () => runtime.executeCompiledHandler(artifact, CONTEXT, ATTACK));
}

export function* smaller({ base, content }) {
  for (const part of withoutParts(content)) yield { base, content: part };
}

export function describe({ base, content }) {
  return `of ${bytecodes[base].source}: ${Buffer.from(content).toString('hex')}`;
}
