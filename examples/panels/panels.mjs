// Opens panels, and calls their tools. What is derived from a file is kept in the cache of the runtime under the text of the file: its syntax
// tree, the state that its <Init> makes, and its compiled handlers.
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { parseNxml } from './nxml.mjs';
import { readPanel } from './panel.mjs';

/** Raise it when another tree is made of the same text. */
const VERSION = 1;
const MAX_SESSIONS = 1_000;

/** Why a tool is not called: an input is wrong. */
export class InputError extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

export class Panels {
  #runtime;
  #folder;
  #trees;
  #contexts;
  /** State of a panel that somebody has opened, by id. */
  #sessions = new Map();

  /** @param folder URL of a folder with files `NAME.nxml` */
  constructor(runtime, folder) {
    this.#runtime = runtime;
    this.#folder = folder;
    this.#trees = runtime.artifacts('nxml-ast');
    this.#contexts = runtime.artifacts('nxml-context');
  }

  async names() {
    const files = await readdir(this.#folder);
    return files
      .filter((file) => /^[\w-]+\.nxml$/.test(file))
      .map((file) => file.slice(0, -5))
      .sort();
  }

  /** @throws NxmlError with the place, or the error of `<Init>` */
  async open(name) {
    const file = `${name}.nxml`;
    const panel = await this.load(await readFile(new URL(file, this.#folder), 'utf8'), file);
    const id = randomUUID();
    this.#sessions.set(id, { panel, state: structuredClone(panel.state) });
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value);
    return { id, title: panel.title, state: panel.state, view: panel.view, tools: describe(panel.tools) };
  }

  /** A panel as it is before anybody uses it. */
  async load(text, file) {
    const key = createHash('sha256').update(`${VERSION}\n${file}\n${text}`).digest('hex');
    // The tree has capabilities as well: inferring them takes longer than parsing.
    const panel = await this.#trees.getOrCreate(key, () => this.#parse(text, file));
    const handlers = Object.values(panel.tools).map(({ code }) => ({ code, filename: file }));
    const { failures } = await this.#runtime.precompileAll(handlers);
    if (failures.length > 0) throw failures[0].error;
    const state = await this.#contexts.getOrCreate(key, () => this.#firstState(panel, file));
    return { ...panel, file, state };
  }

  #parse(text, file) {
    const panel = readPanel(parseNxml(text, file), file);
    const needs = (code) => this.#runtime.inferCapabilities(code, { filename: file });
    const tools = Object.entries(panel.tools).map(([name, tool]) => [
      name,
      { ...tool, capabilities: needs(tool.code) },
    ]);
    return { ...panel, tools: Object.fromEntries(tools) };
  }

  async #firstState({ init, state }, file) {
    if (init === undefined) return state;
    const capabilities = ['state:read:*', 'state:write:*'];
    const result = await this.#runtime.executeHandler(init, { stateSnapshot: state, capabilities }, { filename: file });
    if (result.status === 'success') return applied(state, result.stateMutations);
    throw new Error(
      `${file}: <Init> ${result.error?.message ?? 'waits, which it cannot'}\n${result.error?.snippet ?? ''}`,
    );
  }

  /**
   * What `POST /run` of the server is to be asked for a call of a tool.
   *
   * @param given inputs as the page has them
   * @throws InputError
   */
  call(id, name, given) {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new InputError(undefined, 'This panel was closed. Open it again.');
    const { panel, state } = session;
    const tool = Object.hasOwn(panel.tools, name) ? panel.tools[name] : undefined;
    if (tool === undefined) throw new InputError(undefined, `The panel has no tool ${JSON.stringify(name)}.`);
    return {
      code: tool.code,
      context: {
        stateSnapshot: state,
        args: checked(tool.inputs, given),
        capabilities: tool.capabilities,
        handlerName: name,
        panelId: panel.file,
      },
      options: { filename: panel.file },
    };
  }

  /** Keeps what a handler has changed. */
  apply(id, mutations) {
    const session = this.#sessions.get(id);
    if (session !== undefined) session.state = applied(session.state, mutations);
  }
}

function applied(state, mutations) {
  const next = new Map(Object.entries(state));
  for (const { operation, key, value } of mutations) operation === 'set' ? next.set(key, value) : next.delete(key);
  return Object.fromEntries(next);
}

/** What a page needs of tools. */
function describe(tools) {
  return Object.fromEntries(
    Object.values(tools).map(({ name, description, inputs, capabilities }) => [
      name,
      { description, inputs, capabilities },
    ]),
  );
}

function checked(inputs, given) {
  if (typeof given !== 'object' || given === null) throw new InputError(undefined, 'The inputs are not an object.');
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(inputs, name));
  if (unknown !== undefined) throw new InputError(unknown, `There is no input ${unknown}.`);
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [
      name,
      checkedValue(name, input, Object.hasOwn(given, name) ? given[name] : undefined),
    ]),
  );
}

function checkedValue(name, { type, isRequired, min = -Infinity, max = Infinity }, given) {
  const isMissing = given === undefined || given === '';
  if (isMissing && isRequired) throw new InputError(name, 'This is needed.');
  if (isMissing) return undefined;
  const value = type === 'number' && typeof given === 'string' ? Number(given) : given;
  if (typeof value !== type || Number.isNaN(value)) throw new InputError(name, `This is not a ${type}.`);
  const size = type === 'string' ? value.length : value;
  const unit = type === 'string' ? ' characters' : '';
  if (type !== 'boolean' && size < min) throw new InputError(name, `At least ${min}${unit}.`);
  if (type !== 'boolean' && size > max) throw new InputError(name, `At most ${max}${unit}.`);
  return value;
}
