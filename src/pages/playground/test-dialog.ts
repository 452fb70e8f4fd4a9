import { ask, request } from '../shared/api.js';
import { h, put, text } from '../shared/dom.js';

const FRAMEWORKS = [
  ['node', 'node:test'],
  ['vitest', 'vitest'],
] as const;

export interface TestedRun {
  readonly recording: string;
  /** The handler as a test names it; absent for one that is in no file. */
  readonly file?: string;
}

/** The code of a test that does what a run did. */
export class TestDialog {
  readonly element: HTMLDialogElement;
  readonly #code = h('pre', { tabindex: 0, class: 'test-code' });
  readonly #problem = h('p', { class: 'problem', role: 'alert' });
  readonly #framework = h(
    'select',
    { id: 'framework' },
    ...FRAMEWORKS.map(([value, label]) => h('option', { value }, label)),
  );
  readonly #actions: readonly HTMLButtonElement[];
  #run: TestedRun | undefined;

  constructor() {
    const copy = h('button', { type: 'button', on: { click: () => void this.#copy(copy) } }, 'Copy');
    const save = h('button', { class: 'second', type: 'button', on: { click: () => this.#save() } }, 'Save as a file');
    this.#actions = [copy, save];
    this.#framework.addEventListener('change', () => void this.#load());
    const close = h(
      'button',
      { class: 'plain', type: 'button', 'aria-label': 'Close', on: { click: () => this.element.close() } },
      '×',
    );
    this.element = h(
      'dialog',
      { class: 'card', 'aria-labelledby': 'test-title' },
      h('header', {}, h('h2', { id: 'test-title' }, 'A test of this run'), h('span', { class: 'gap' }), close),
      h('p', { class: 'quiet' }, 'The same input, answers, time and randomness, with what came out.'),
      h('div', { class: 'row' }, h('label', { for: 'framework' }, 'For'), this.#framework, copy, save),
      this.#problem,
      this.#code,
    );
  }

  async open(run: TestedRun): Promise<void> {
    this.#run = run;
    this.element.showModal();
    await this.#load();
  }

  async #load(): Promise<void> {
    const { recording, file } = this.#run ?? {};
    text(this.#problem, '');
    put(this.#code);
    let code = '';
    try {
      const query = { id: recording, framework: this.#framework.value, file };
      ({ code } = await ask<{ code: string }>('playground/test', { query }));
    } catch (error) {
      text(this.#problem, error instanceof Error ? error.message : String(error));
    }
    put(this.#code, code);
    this.#code.hidden = code === '';
    for (const button of this.#actions) button.disabled = code === '';
  }

  async #copy(button: HTMLElement): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#code.textContent ?? '');
      text(button, 'Copied');
      window.setTimeout(() => text(button, 'Copy'), 2_000);
    } catch {
      text(this.#problem, 'The browser does not let this page copy. Select the text instead.');
    }
  }

  #save(): void {
    const name = (this.#run?.file ?? 'handler')
      .split('/')
      .at(-1)
      ?.replace(/\.[cm]?[jt]s$/, '');
    saveFile(new Blob([this.#code.textContent ?? ''], { type: 'text/javascript' }), `${name}.test.mjs`);
  }
}

/** Has the browser save a file. */
export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** @throws RequestRefusal */
export async function saveRecording(id: string): Promise<void> {
  const response = await request('playground/recording', { query: { id } });
  const name = /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  saveFile(await response.blob(), name ?? 'handler.nxrec');
}
