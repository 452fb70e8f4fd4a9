import { type Extension, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';

import type { AnalysisView } from '../../playground/contract.js';
import { h } from '../shared/dom.js';

/** What is shown in the text beside the text. */
export interface Marks {
  readonly capabilities: AnalysisView['capabilities'];
  readonly denied: ReadonlySet<string>;
  /** Lines at which the selected step waits. */
  readonly waiting: readonly number[];
  /** The line of the error. */
  readonly failed?: number;
}

/** Of one line; the others are counted. */
const MAX_SHOWN = 3;

export const setMarks = StateEffect.define<Marks>();

const WAITING = Decoration.line({ class: 'cm-waiting' });
const FAILED = Decoration.line({ class: 'cm-failed' });

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = value.map(transaction.changes);
    for (const effect of transaction.effects)
      if (effect.is(setMarks)) next = decorate(effect.value, transaction.state.doc);
    return next;
  },
  provide: (own) => EditorView.decorations.from(own),
});

export function marks(): Extension {
  return field;
}

interface LineNeed {
  readonly capability: string;
  readonly reasons: readonly string[];
  readonly isDenied: boolean;
}

function decorate({ capabilities, denied, waiting, failed }: Marks, doc: EditorView['state']['doc']): DecorationSet {
  const needs = needsByLine(capabilities, denied);
  const waits = new Set(waiting);
  const lines = new Set([...needs.keys(), ...waits, ...(failed === undefined ? [] : [failed])]);
  const builder = new RangeSetBuilder<Decoration>();
  for (const number of [...lines].filter((one) => one >= 1 && one <= doc.lines).sort((a, b) => a - b)) {
    const line = doc.line(number);
    if (number === failed) builder.add(line.from, line.from, FAILED);
    else if (waits.has(number)) builder.add(line.from, line.from, WAITING);
    const own = needs.get(number);
    if (own !== undefined) {
      const widget = new NeedsWidget(own);
      builder.add(line.to, line.to, Decoration.widget({ widget, side: 1 }));
    }
  }
  return builder.finish();
}

/** A capability is shown once in a line, with all its reasons there. */
function needsByLine(capabilities: Marks['capabilities'], denied: ReadonlySet<string>): Map<number, LineNeed[]> {
  const found = new Map<number, LineNeed[]>();
  for (const { capability, reasons } of capabilities) {
    const byLine = new Map<number, string[]>();
    for (const { line, reason } of reasons) byLine.set(line, [...(byLine.get(line) ?? []), reason]);
    for (const [line, list] of byLine) {
      const need = { capability, reasons: list, isDenied: denied.has(capability) };
      found.set(line, [...(found.get(line) ?? []), need]);
    }
  }
  return found;
}

/** The capabilities that a line needs, after its end. */
class NeedsWidget extends WidgetType {
  readonly #needs: readonly LineNeed[];
  readonly #key: string;

  constructor(needs: readonly LineNeed[]) {
    super();
    this.#needs = needs;
    this.#key = JSON.stringify(needs);
  }

  override eq(other: NeedsWidget): boolean {
    return other.#key === this.#key;
  }

  override toDOM(): HTMLElement {
    const shown = this.#needs
      .slice(0, MAX_SHOWN)
      .map(({ capability, reasons, isDenied }) =>
        h(
          'span',
          { class: isDenied ? 'need denied' : 'need', title: `${capability}: ${[...new Set(reasons)].join('; ')}` },
          capability,
        ),
      );
    const left = this.#needs.length - shown.length;
    // It repeats what the list of capabilities says.
    return h(
      'span',
      { class: 'needs', 'aria-hidden': 'true' },
      ...shown,
      left > 0 && h('span', { class: 'need' }, `+${left}`),
    );
  }

  override ignoreEvent(): boolean {
    return true;
  }
}
