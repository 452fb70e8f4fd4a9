import {
  autocompletion,
  type Completion,
  type CompletionContext,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import {
  bracketMatching,
  defaultHighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view';

import type { AnalysisView, CodePlace, CompletionView, HoverView } from '../../playground/contract.js';
import { ask } from '../shared/api.js';
import { h } from '../shared/dom.js';
import { type Marks, marks, setMarks } from './marks.js';
import { HIGHLIGHTING, THEME } from './theme.js';

export interface EditorOptions {
  readonly label: string;
  readonly onChange: () => void;
  /** Of the handler that is edited, for types. */
  readonly filename: () => string;
  readonly keys: readonly { readonly key: string; readonly run: () => void }[];
}

/** A text with the colours of a language. Its styles are in a shadow tree: the policy of the page allows no other way. */
export class Editor {
  readonly element: HTMLElement;
  readonly #view: EditorView;
  #isSetting = false;

  constructor({ label, onChange, filename, keys }: EditorOptions) {
    this.element = h('div', { class: 'editor' });
    const root = this.element.attachShadow({ mode: 'open' });
    const own = keys.map(({ key, run }) => ({
      key,
      preventDefault: true,
      run: () => {
        run();
        return true;
      },
    }));
    const extensions: Extension[] = [
      keymap.of([
        ...own,
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...lintKeymap,
        ...defaultKeymap,
        ...historyKeymap,
      ]),
      history(),
      drawSelection(),
      EditorState.allowMultipleSelections.of(true),
      indentUnit.of('  '),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      syntaxHighlighting(HIGHLIGHTING),
      syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
      THEME,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        'aria-label': label,
        spellcheck: 'false',
        autocapitalize: 'off',
        tabindex: '0',
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !this.#isSetting) onChange();
      }),
      EditorView.domEventHandlers({ beforeinput: replaceSelected }),
      lineNumbers(),
      lintGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      marks(),
      javascript({ typescript: true }),
      autocompletion({ maxRenderedOptions: 100, tooltipClass: () => 'completions' }),
      ...typesOf(filename),
    ];
    this.#view = new EditorView({ root, parent: root, state: EditorState.create({ extensions }) });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  /** Replaces the text as if it had been loaded: nobody is told. */
  set(text: string): void {
    if (text === this.text) return;
    this.#isSetting = true;
    try {
      this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
    } finally {
      this.#isSetting = false;
    }
  }

  /** Moves the cursor, and shows it. */
  goTo(place: CodePlace): void {
    const at = offsetOf(this.#view.state, place);
    this.#view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
    this.#view.focus();
  }

  /** Shows capabilities at the ends of lines, where a run stands, and what failed. */
  mark(given: Marks): void {
    this.#view.dispatch({ effects: setMarks.of(given) });
  }

  showProblems(problems: AnalysisView['problems']): void {
    const { state } = this.#view;
    const diagnostics = problems.map((problem) => {
      const from = offsetOf(state, problem);
      const to = Math.max(from, offsetOf(state, { line: problem.endLine, column: problem.endColumn }));
      return { from, to, severity: problem.severity, message: problem.message, source: problem.source };
    });
    this.#view.dispatch(setDiagnostics(state, diagnostics));
  }
}

/**
 * Types over a selection. Left to the browser, it would give what it inserts the style of what was there, by an attribute, which the policy of
 * the page refuses and reports.
 */
function replaceSelected(event: InputEvent, view: EditorView): boolean {
  const { state } = view;
  const { from, to, empty } = state.selection.main;
  const { data: text, inputType } = event;
  if (inputType !== 'insertText' || text === null || empty || view.composing || state.readOnly) return false;
  event.preventDefault();
  const insert = () => state.update(state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
  if (!state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert)))
    view.dispatch(insert());
  return true;
}

/** A place that the text no longer has is at its end. */
export function offsetOf(state: EditorState, { line, column }: CodePlace): number {
  if (line > state.doc.lines) return state.doc.length;
  const { from, to } = state.doc.line(Math.max(1, line));
  return Math.min(to, from + Math.max(0, column - 1));
}

const KINDS: Readonly<Record<string, string>> = {
  method: 'method',
  function: 'function',
  'local function': 'function',
  property: 'property',
  getter: 'property',
  const: 'constant',
  let: 'variable',
  var: 'variable',
  'local var': 'variable',
  parameter: 'variable',
  keyword: 'keyword',
  class: 'class',
  interface: 'interface',
  type: 'type',
  module: 'namespace',
  enum: 'enum',
};

/** Completions and types from TypeScript, which is in the server. */
function typesOf(filename: () => string): Extension[] {
  const source = async (context: CompletionContext) => {
    const word = context.matchBefore(/[\w$]+/);
    const isMember = context.matchBefore(/\.\s*/) !== null;
    if (word === null && !isMember && !context.explicit) return null;
    const code = context.state.doc.toString();
    const body = { code, filename: filename(), offset: context.pos };
    const { options } = await ask<CompletionView>('playground/complete', { method: 'POST', body });
    const completions = options.map(
      ({ label, kind }): Completion => ({
        label,
        type: KINDS[kind] ?? 'text',
        // What is the application's before what is the language's.
        ...(label.startsWith('$') && { boost: 20 }),
      }),
    );
    return { from: word?.from ?? context.pos, options: completions, validFor: /^[\w$]*$/ };
  };
  const complete = EditorState.languageData.of(() => [{ autocomplete: source }]);
  const hover = hoverTooltip(async (view, pos) => {
    const body = { code: view.state.doc.toString(), filename: filename(), offset: pos };
    const found = await ask<HoverView | null>('playground/hover', { method: 'POST', body }).catch(() => null);
    if (found === null || found.text === '') return null;
    const documentation = found.documentation === '' ? undefined : h('div', {}, found.documentation);
    const dom = h('div', { class: 'hint' }, h('code', {}, found.text), documentation);
    return { pos: found.from, end: found.to, above: true, create: () => ({ dom }) };
  });
  return [complete, hover];
}
