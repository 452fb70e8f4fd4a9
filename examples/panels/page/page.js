// Shows a panel: builds its view once for each state, sends inputs to tools, and applies effects as they come. Nothing that comes from a
// panel or a handler is ever markup or code: it is text, a name in a list of ours, or a value.
const main = document.querySelector('main');
const nav = document.querySelector('nav');

let panel;
let state;
/** By the id of a component. */
const busy = new Set();
const problems = new Map();
/** What is being typed, by the form and the input. */
const typed = new Map();

const COMPONENTS = {
  Column: (node, scope) => element('div', { class: 'column' }, ...children(node, scope)),
  Row: (node, scope) => element('div', { class: 'row' }, ...children(node, scope)),
  Heading: (node, scope) => element('h2', {}, filled(node.text, scope)),
  Text: (node, scope) => element('p', {}, filled(node.text, scope)),
  TextField: (node, scope) =>
    field(node, scope, { type: 'text', placeholder: node.placeholder ?? '', autocomplete: 'off' }),
  Checkbox: (node, scope) => field(node, scope, { type: 'checkbox' }),
  Button: (node, scope) => {
    const own = node.id ?? `${scope.key}/${node.tool ?? 'submit'}/${node.label}`;
    const button = element(
      'button',
      { type: node.tool === undefined ? 'submit' : 'button', 'data-key': own },
      filled(node.label, scope),
    );
    button.disabled = busy.has(own);
    if (node.tool !== undefined) button.addEventListener('click', () => call(node.tool, argsOf(node, scope), own));
    return element('div', { class: 'action' }, button, problem(own));
  },
  Form: (node, scope) => {
    const inner = { ...scope, form: node, key: node.id };
    const form = element('form', { 'data-key': node.id, novalidate: '' }, ...children(node, inner), problem(node.id));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      call(node.tool, inputsOf(form), node.id);
    });
    return form;
  },
  List: (node, scope) => {
    const items = valueAt(node.each, scope);
    const rows = (Array.isArray(items) ? items.slice(0, 500) : []).map((item, i) =>
      element(
        'li',
        {},
        ...children(node, { ...scope, key: `${node.id}/${i}`, values: { ...scope.values, [node.as]: item } }),
      ),
    );
    return element(
      'section',
      { 'data-key': node.id, 'aria-busy': String(busy.has(node.id)) },
      busy.has(node.id) && element('p', { class: 'busy', role: 'status' }, 'Working…'),
      rows.length === 0 ? element('p', { class: 'quiet' }, node.empty ?? '') : element('ul', {}, ...rows),
      problem(node.id),
    );
  },
};

function children(node, scope) {
  return node.children.map((child) => {
    const made = COMPONENTS[child.kind](child, scope);
    if (child.id !== undefined) made.dataset.key = child.id;
    return made;
  });
}

function field(node, scope, attributes) {
  const key = `${scope.form.id}/${node.input}`;
  const input = element('input', { ...attributes, id: key, name: node.input, 'aria-describedby': `${key}-problem` });
  const isBox = attributes.type === 'checkbox';
  const value = typed.has(key) ? typed.get(key) : node.bind === undefined ? undefined : valueAt(node.bind, scope);
  if (isBox) input.checked = value === true;
  else input.value = value === undefined || value === null ? '' : textOf(value);
  input.addEventListener('input', () => {
    typed.set(key, isBox ? input.checked : input.value);
    problems.delete(key);
    document.getElementById(`${key}-problem`)?.replaceChildren();
    input.removeAttribute('aria-invalid');
  });
  if (problems.has(key)) input.setAttribute('aria-invalid', 'true');
  const label = element('label', { for: key }, node.label);
  const parts = isBox ? [input, label] : [label, input];
  return element('div', { class: isBox ? 'box' : 'field', 'data-key': node.id ?? key }, ...parts, problem(key));
}

function problem(key) {
  return element('p', { class: 'problem', id: `${key}-problem`, role: 'alert' }, problems.get(key) ?? '');
}

/** Calls a tool. `origin` is what called it: there its problems are shown. */
async function call(tool, inputs, origin) {
  for (const key of [...problems.keys()]) if (key === origin || key.startsWith(`${origin}/`)) problems.delete(key);
  busy.add(origin);
  draw();
  const own = panel;
  const done = (message, name) => {
    if (own !== panel) return;
    busy.clear();
    const at =
      name !== undefined && document.getElementById(`${origin}/${name}`) !== null ? `${origin}/${name}` : origin;
    if (message !== undefined) problems.set(at, message);
    else for (const key of [...typed.keys()]) if (key.startsWith(`${origin}/`)) typed.delete(key);
    draw();
    if (at !== origin) document.getElementById(at)?.focus();
  };
  try {
    const response = await post(`open/${own.id}/${tool}`, inputs);
    if (!response.ok) {
      const { message, field: name } = await response.json();
      done(message, name);
      return;
    }
    let error;
    for await (const [event, data] of events(response.body)) {
      if (own !== panel) return;
      if (event === 'effects') apply(data);
      else if (event === 'problem') error = data.detail;
      else if (event === 'result' && data.status === 'error') error = messageOf(data.error);
    }
    done(error);
  } catch {
    done('The server does not answer.');
  }
}

/** For the person who uses the panel: without the name of the class. */
function messageOf({ name, message }) {
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}

function apply({ stateMutations, viewCommands }) {
  for (const { operation, key, value } of stateMutations)
    operation === 'set' ? state.set(key, value) : state.delete(key);
  let focused;
  for (const { type, componentId, args } of viewCommands) {
    const [what, value] = args;
    if (type === 'focus') focused = componentId;
    else if (what === 'busy') busy[value === true ? 'add' : 'delete'](componentId);
    else if (what === 'problem') problems.set(componentId, textOf(value));
  }
  draw();
  const target = focused === undefined ? undefined : byKey(focused);
  (target?.matches('input, button') ? target : target?.querySelector('input, button'))?.focus();
}

/** The view anew, with the focus where it was. */
function draw() {
  const { activeElement } = document;
  const id = activeElement?.id ?? '';
  const key = activeElement?.closest('[data-key]')?.dataset.key;
  const selection = activeElement?.selectionStart;
  const scope = { key: 'view', values: {} };
  const title = element('h1', {}, panel.title);
  main.replaceChildren(title, ...children({ children: panel.view }, scope));
  const again = id === '' ? key && byKey(key) : document.getElementById(id);
  again?.focus?.();
  if (typeof selection === 'number' && again?.type === 'text') again.setSelectionRange(selection, selection);
}

function byKey(key) {
  return [...main.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key);
}

function inputsOf(form) {
  return Object.fromEntries(
    [...form.querySelectorAll('input')].map((input) => [
      input.name,
      input.type === 'checkbox' ? input.checked : input.value,
    ]),
  );
}

/** `sku={item.sku} quantity=1` */
function argsOf({ args = '' }, scope) {
  return Object.fromEntries(
    [...args.matchAll(/([\w-]+)=(?:\{([\w.]+)\}|(\S*))/g)].map(([, name, path, text]) => [
      name,
      path === undefined ? text : valueAt(path, scope),
    ]),
  );
}

/** Text with `{path}` replaced by values. */
function filled(text = '', scope) {
  return text.replace(/\{([\w.]+)\}/g, (_, path) => textOf(valueAt(path, scope)));
}

function valueAt(path, { values }) {
  const [first, ...rest] = path.split('.');
  let value = Object.hasOwn(values, first) ? values[first] : state.get(first);
  for (const key of rest)
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

function textOf(value) {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text;
}

function element(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...content.filter((part) => part !== false));
  return made;
}

function post(path, body) {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) yield [event, JSON.parse(data)];
    }
  }
}

async function open(name) {
  for (const link of nav.children) link.toggleAttribute('aria-current', link.textContent === name);
  const response = await post(`panels/${name}`, {});
  const opened = await response.json();
  for (const kept of [busy, problems, typed]) kept.clear();
  if (!response.ok) {
    panel = undefined;
    main.replaceChildren(
      element('h1', {}, name),
      element('pre', { class: 'problem', role: 'alert', tabindex: '0' }, opened.message),
    );
    return;
  }
  panel = opened;
  state = new Map(Object.entries(panel.state));
  document.title = panel.title;
  draw();
}

const names = await (await fetch('panels')).json();
for (const name of names) {
  const button = element('button', { type: 'button' }, name);
  button.addEventListener('click', () => {
    location.hash = name;
  });
  nav.append(button);
}
const fromHash = () => open(names.find((name) => `#${name}` === location.hash) ?? names.at(-1));
window.addEventListener('hashchange', fromHash);
await fromHash();
