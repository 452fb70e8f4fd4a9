// What a panel may say: the elements of NXML, their attributes, and what is in them. A file is checked as a whole before anything is run.
import { NxmlError } from './nxml.mjs';

const NAME = /^[A-Za-z_][\w-]*$/;
const TYPES = ['string', 'number', 'boolean'];
const name = { is: (value) => NAME.test(value), what: 'a name: letters, digits, _ and -' };
const number = { is: (value) => value.trim() !== '' && Number.isFinite(Number(value)), what: 'a number' };
const flag = { is: (value) => value === 'true' || value === 'false', what: 'true or false' };
const type = { is: (value) => TYPES.includes(value), what: `one of ${TYPES.join(', ')}` };
const text = { is: () => true, what: 'a text' };
const required = (kind) => ({ ...kind, isRequired: true });

/** Components of the view. */
const COMPONENTS = {
  Column: { attributes: { id: name }, children: 'components' },
  Row: { attributes: { id: name }, children: 'components' },
  Heading: { attributes: { id: name }, text: true },
  Text: { attributes: { id: name }, text: true },
  TextField: { attributes: { id: name, label: required(text), input: required(name), bind: text, placeholder: text } },
  Checkbox: { attributes: { id: name, label: required(text), input: required(name), bind: text } },
  Button: { attributes: { id: name, label: required(text), tool: name, args: text } },
  Form: { attributes: { id: required(name), tool: required(name) }, children: 'components' },
  List: {
    attributes: { id: required(name), each: required(text), as: required(name), empty: text },
    children: 'components',
  },
};
const ELEMENTS = {
  ...COMPONENTS,
  NexusPanel: { attributes: { title: required(text) }, children: ['Data', 'Init', 'Tools', 'View'] },
  Data: { attributes: {}, children: ['Value'] },
  Value: { attributes: { name: required(name) }, text: true },
  Init: { attributes: {}, text: true },
  Tools: { attributes: {}, children: ['Tool'] },
  Tool: { attributes: { name: required(name), description: text }, children: ['Input', 'Handler'] },
  Input: { attributes: { name: required(name), type: required(type), required: flag, min: number, max: number } },
  Handler: { attributes: {}, text: true },
  View: { attributes: {}, children: 'components' },
};

/**
 * @param root of `parseNxml`
 * @returns title, state, tools with their inputs and code, and the view
 */
export function readPanel(root, file) {
  const fail = (place, message) => {
    throw new NxmlError(file, place, message);
  };
  check(root, ['NexusPanel'], fail);
  const part = (wanted) => {
    const found = root.children.filter((child) => child.name === wanted);
    if (found.length > 1) fail(found[1], `<NexusPanel> has two <${wanted}>, expected one`);
    return found[0];
  };
  const view = part('View');
  if (view === undefined) fail(root, 'expected a <View> in <NexusPanel>');
  const tools = unique(part('Tools')?.children ?? [], fail).map((tool) => readTool(tool, fail));
  const init = part('Init');
  return {
    title: root.attributes.title.value,
    state: Object.fromEntries(
      unique(part('Data')?.children ?? [], fail).map((value) => [value.attributes.name.value, readValue(value, fail)]),
    ),
    ...(init !== undefined && { init: codeOf(init) }),
    tools: Object.fromEntries(tools.map((tool) => [tool.name, tool])),
    view: view.children.map((child) => readComponent(child, { tools, fail })),
  };
}

function check(element, allowed, fail) {
  const { name: given, attributes, children, text: content } = element;
  if (!allowed.includes(given)) {
    const near = nearest(given, allowed);
    fail(
      element,
      `expected ${list(allowed.map((one) => `<${one}>`))}, found <${given}>${near ? `; did you mean <${near}>?` : ''}`,
    );
  }
  const known = ELEMENTS[given];
  for (const [key, { value, ...place }] of Object.entries(attributes)) {
    const kind = Object.hasOwn(known.attributes, key) ? known.attributes[key] : undefined;
    if (kind === undefined) {
      const names = Object.keys(known.attributes);
      const near = nearest(key, names);
      const what = names.length === 0 ? 'none' : list(names);
      fail(place, `<${given}> has no attribute ${key}${near ? `; did you mean ${near}?` : `, expected ${what}`}`);
    }
    if (!kind.is(value)) fail(place, `${key} is ${JSON.stringify(value)}, expected ${kind.what}`);
  }
  for (const [key, kind] of Object.entries(known.attributes))
    if (kind.isRequired && !Object.hasOwn(attributes, key))
      fail(element, `expected the attribute ${key} in <${given}>: ${kind.what}`);
  if (!known.text && content.trim() !== '')
    fail(
      element.textAt ?? element,
      `<${given}> has no text of its own, found ${JSON.stringify(content.trim().slice(0, 20))}`,
    );
  const inside = known.children === 'components' ? Object.keys(COMPONENTS) : (known.children ?? []);
  if (inside.length === 0 && children.length > 0)
    fail(children[0], `<${given}> has no elements in it, found <${children[0].name}>`);
  for (const child of children) check(child, inside, fail);
}

function readTool(tool, fail) {
  const handlers = tool.children.filter((child) => child.name === 'Handler');
  if (handlers.length !== 1) fail(handlers[1] ?? tool, `expected one <Handler> in <Tool>, found ${handlers.length}`);
  const inputs = unique(
    tool.children.filter((child) => child.name === 'Input'),
    fail,
  );
  return {
    name: tool.attributes.name.value,
    description: tool.attributes.description?.value ?? '',
    inputs: Object.fromEntries(inputs.map(({ attributes }) => [attributes.name.value, inputOf(attributes)])),
    code: codeOf(handlers[0]),
  };
}

function inputOf({ type: kind, required: isRequired, min, max }) {
  return {
    type: kind.value,
    isRequired: isRequired?.value === 'true',
    ...(min !== undefined && { min: Number(min.value) }),
    ...(max !== undefined && { max: Number(max.value) }),
  };
}

/** With as many lines before it as there are in the file, so that errors of handlers name lines of the file. */
function codeOf({ text: code, textAt, line }) {
  return '\n'.repeat((textAt ?? { line }).line - 1) + code;
}

function readValue(value, fail) {
  try {
    return JSON.parse(value.text);
  } catch (error) {
    return fail(
      value.textAt ?? value,
      `expected JSON in <Value name="${value.attributes.name.value}">: ${error.message}`,
    );
  }
}

function readComponent(element, { tools, fail, form }) {
  const { name: kind, attributes, children, text: content } = element;
  const { tool, input } = attributes;
  const own = tool && tools.find((one) => one.name === tool.value);
  if (tool !== undefined && own === undefined)
    fail(tool, `there is no tool ${tool.value}, expected ${list(tools.map((one) => one.name)) || 'one in <Tools>'}`);
  if (kind === 'Button' && tool === undefined && form === undefined)
    fail(element, 'expected the attribute tool in <Button>, or a <Form> around it');
  if (input !== undefined && form === undefined)
    fail(element, `expected a <Form> around <${kind}>, whose tool takes its input`);
  if (input !== undefined && !Object.hasOwn(form.inputs, input.value))
    fail(
      input,
      `the tool ${form.name} has no input ${input.value}, expected ${list(Object.keys(form.inputs)) || 'none'}`,
    );
  const inner = { tools, fail, form: kind === 'Form' ? own : form };
  return {
    kind,
    ...Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value])),
    ...(content.trim() !== '' && { text: content.trim().replaceAll(/\s+/g, ' ') }),
    children: children.map((child) => readComponent(child, inner)),
  };
}

function unique(elements, fail) {
  const seen = new Map();
  for (const element of elements) {
    const { value, ...place } = element.attributes.name;
    const before = seen.get(value);
    if (before !== undefined)
      fail(place, `there is a <${element.name}> of the name ${value} already, at ${before.line}:${before.column}`);
    seen.set(value, place);
  }
  return elements;
}

function list(names) {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** The same but for two letters at most, or for upper and lower case. */
function nearest(given, names) {
  return (
    names.find((one) => one.toLowerCase() === given.toLowerCase()) ?? names.find((one) => distance(one, given) <= 2)
  );
}

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
