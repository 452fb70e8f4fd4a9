// Elements are made by these functions alone: whatever comes from the server becomes text, never markup.

export type Child = Node | string | number | undefined | false;

export interface Properties {
  /** Classes, separated by spaces. */
  readonly class?: string;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
  /** Properties of the `dataset`. */
  readonly data?: Readonly<Record<string, string>>;
  /** Anything else is an attribute; `true` is an empty one, and undefined or false is none. */
  readonly [attribute: string]: unknown;
}

/** Attributes that would load or execute something. */
const REFUSED = /^(on|src|srcdoc|style|formaction|action)/i;

/** Makes an element. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  return fill(document.createElement(name), properties, children);
}

/** Makes an element of SVG. */
export function s<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), properties, children);
}

function fill<E extends HTMLElement | SVGElement>(element: E, properties: Properties, children: readonly Child[]): E {
  const { class: classes, on = {}, data = {}, ...attributes } = properties;
  if (classes) element.setAttribute('class', classes);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  for (const [key, value] of Object.entries(data)) element.dataset[key] = value;
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (REFUSED.test(attribute)) throw new Error(`h() sets no ${attribute}`);
    if (attribute === 'href' && !/^[\w-]*([?#]|$)/.test(String(value)))
      throw new Error('h() links to pages of its own server alone');
    element.setAttribute(attribute, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

export function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child !== undefined && child !== false) parent.append(child instanceof Node ? child : String(child));
  }
}

/** Replaces what is inside of an element. */
export function put(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

/** Sets a text if it is another: what did not change need not be drawn. */
export function text(node: Element, value: string): void {
  if (node.textContent !== value) node.textContent = value;
}

/**
 * Keeps one element for each item, in the order of the items. Elements stay while their item does, with what is focused or selected in them.
 *
 * @param make makes the element of an item, and returns with it what brings it up to date
 */
export class Rows<Item> {
  readonly #parent: Element;
  readonly #keyOf: (item: Item) => string;
  readonly #make: (item: Item) => { readonly element: Element; readonly update?: (item: Item) => void };
  #rows = new Map<string, { readonly element: Element; readonly update?: (item: Item) => void }>();

  constructor(
    parent: Element,
    keyOf: (item: Item) => string,
    make: (item: Item) => { readonly element: Element; readonly update?: (item: Item) => void },
  ) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  show(items: readonly Item[]): void {
    const before = this.#rows;
    this.#rows = new Map();
    let at: Element | null = this.#parent.firstElementChild;
    for (const item of items) {
      const key = this.#keyOf(item);
      const row = before.get(key) ?? this.#make(item);
      before.delete(key);
      row.update?.(item);
      this.#rows.set(key, row);
      if (row.element === at) at = at.nextElementSibling;
      else this.#parent.insertBefore(row.element, at);
    }
    for (const { element } of before.values()) element.remove();
  }
}
