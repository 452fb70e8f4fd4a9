import type { AnalysisView, CodePlace } from '../../playground/contract.js';
import { h, put } from '../shared/dom.js';

export interface CapabilityOptions {
  readonly onDeny: (denied: ReadonlySet<string>) => void;
  readonly onGoTo: (place: CodePlace) => void;
}

const MAX_PLACES = 6;

/** What the handler needs, by the lines that need it; each can be denied, to see what happens then. */
export class CapabilityPanel {
  readonly element: HTMLElement;
  readonly #list = h('ul', { class: 'plain-list capabilities' });
  readonly #options: CapabilityOptions;
  #denied: ReadonlySet<string> = new Set();
  #shown: AnalysisView['capabilities'] = [];

  constructor(options: CapabilityOptions) {
    this.#options = options;
    this.element = h(
      'section',
      { class: 'card needs-list', 'aria-labelledby': 'capabilities-title' },
      h(
        'header',
        {},
        h('h2', { id: 'capabilities-title' }, 'Capabilities'),
        h('span', { class: 'quiet' }, 'what it needs at most, and the lines that need it'),
      ),
      this.#list,
    );
  }

  get denied(): ReadonlySet<string> {
    return this.#denied;
  }

  show(capabilities: AnalysisView['capabilities']): void {
    if (JSON.stringify(capabilities) === JSON.stringify(this.#shown)) return;
    this.#shown = capabilities;
    const items = capabilities.map(({ capability, reasons }, i) => {
      const box = h('input', { type: 'checkbox', id: `capability-${i}` });
      box.checked = !this.#denied.has(capability);
      box.addEventListener('change', () => {
        const denied = new Set(this.#denied);
        if (box.checked) denied.delete(capability);
        else denied.add(capability);
        this.#denied = denied;
        this.#options.onDeny(denied);
      });
      const places = reasons
        .slice(0, MAX_PLACES)
        .map(({ line, column, reason }) =>
          h(
            'button',
            { class: 'plain place', type: 'button', on: { click: () => this.#options.onGoTo({ line, column }) } },
            h('span', { class: 'number' }, `${line}:${column}`),
            ' ',
            reason,
          ),
        );
      return h(
        'li',
        {},
        h('span', { class: 'grant' }, box, h('label', { for: `capability-${i}` }, h('code', {}, capability))),
        h(
          'span',
          { class: 'places' },
          ...places,
          reasons.length > MAX_PLACES &&
            h('span', { class: 'quiet small' }, `and ${reasons.length - MAX_PLACES} more places`),
        ),
      );
    });
    put(this.#list, ...(items.length === 0 ? [h('li', { class: 'quiet' }, 'None.')] : items));
  }
}
