// A user interface of two lines of text. It holds the state, applies the effects of handlers, and draws.

export class Panel {
  state = { query: '', results: [], basket: {} };
  #spinners = new Set();
  #notices = new Map();
  #focused = '';

  /** Receives the effects from `onEffects`, in order. */
  apply({ stateMutations, viewCommands }) {
    for (const { operation, key, value } of stateMutations) {
      if (operation === 'set') this.state[key] = value;
      else delete this.state[key];
    }
    for (const { type, componentId, args } of viewCommands) this.#command(type, componentId, args);
    this.draw();
  }

  draw() {
    const { query, results, basket } = this.state;
    const ordered = Object.entries(basket).map(([sku, quantity]) => `${quantity} × ${sku}`);
    this.#line('results', `"${query}": ${results.join(', ') || 'nothing'}`);
    this.#line('basket', ordered.join(', ') || 'empty');
  }

  #command(type, component, args) {
    const [what, value] = args;
    if (type === 'focus') this.#focused = component;
    // A handler is not trusted: its output is text, and it can only name what its capabilities grant.
    else if (what === 'spinner') this.#spinners[value ? 'add' : 'delete'](component);
    else if (what === 'notice') this.#notices.set(component, String(value));
  }

  #line(component, text) {
    const notice = this.#notices.get(component);
    const mark = this.#spinners.has(component) ? '◌' : this.#focused === component ? '▸' : ' ';
    console.log(`  ${mark} ${component.padEnd(8)} ${text}${notice === undefined ? '' : `  (${notice})`}`);
    this.#notices.delete(component);
  }
}
