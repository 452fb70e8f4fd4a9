import { h, put, text } from '../shared/dom.js';

export interface ToolbarOptions {
  readonly onOpen: (name: string) => void;
  readonly onRun: () => void;
  readonly onGoOn: () => void;
  readonly onStop: () => void;
  readonly onUpload: (file: File) => void;
  readonly onSaveRecording: () => void;
  readonly onTest: () => void;
}

export interface ToolbarState {
  readonly files: readonly string[];
  /** Of the file that is open. */
  readonly name?: string;
  readonly title: string;
  readonly isOpen: boolean;
  readonly isDirty: boolean;
  readonly isRunning: boolean;
  readonly hasRecording: boolean;
  readonly canGoOn: boolean;
  readonly isAtEnd: boolean;
  readonly canTest: boolean;
}

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const MOD = MAC ? '⌘' : 'Ctrl+';

/** What can be done with what is open. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #files = h('select', { 'aria-label': 'Handler' });
  readonly #dirty = h('span', { class: 'quiet small', role: 'status' });
  readonly #run: HTMLButtonElement;
  readonly #goOn: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #save: HTMLButtonElement;
  readonly #test: HTMLButtonElement;
  #listed = '';

  constructor(options: ToolbarOptions) {
    const button = (label: string, title: string, click: () => void, kind = 'second') =>
      h('button', { class: kind, type: 'button', title, on: { click } }, label);
    this.#run = button('Run', `Save and run (${MOD}S)`, options.onRun, 'first');
    this.#goOn = button(
      'Go on from here',
      `Keep the answers up to the selected step, call the rest anew (${MOD}Enter)`,
      options.onGoOn,
    );
    this.#stop = button('Stop', 'Stop the run', options.onStop, 'danger');
    this.#save = button(
      'Save recording',
      'Save the run as a file, for nexus replay and for others',
      options.onSaveRecording,
    );
    this.#test = button('Test', 'The code of a test of this run', options.onTest);
    this.#files.addEventListener('change', () => options.onOpen(this.#files.value));
    const upload = h('input', { type: 'file', accept: '.nxrec', class: 'hidden', tabindex: -1, 'aria-hidden': 'true' });
    upload.addEventListener('change', () => {
      const [file] = upload.files ?? [];
      if (file !== undefined) options.onUpload(file);
      upload.value = '';
    });
    const open = button('Open recording', 'Open a recording (.nxrec)', () => upload.click());
    this.element = h(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'Playground' },
      h('span', { class: 'group' }, this.#files, this.#dirty),
      h('span', { class: 'group' }, this.#run, this.#stop, this.#goOn),
      h('span', { class: 'gap' }),
      h('span', { class: 'group' }, open, upload, this.#save, this.#test),
    );
  }

  show(state: ToolbarState): void {
    const { files, name, title, isOpen, isDirty, isRunning, hasRecording, canGoOn, isAtEnd, canTest } = state;
    const names = name !== undefined && !files.includes(name) ? [name, ...files] : files;
    const listed = JSON.stringify([names, name, title]);
    if (listed !== this.#listed) {
      this.#listed = listed;
      const options = names.map((one) => h('option', { value: one, selected: one === name }, one));
      put(
        this.#files,
        ...(name === undefined ? [h('option', { value: '', selected: true, disabled: true }, title)] : []),
        ...options,
      );
    }
    text(this.#dirty, isDirty ? 'edited' : '');
    this.#stop.hidden = !isRunning;
    this.#run.hidden = isRunning;
    this.#run.disabled = !isOpen;
    this.#goOn.disabled = !canGoOn || isRunning;
    this.#goOn.classList.toggle('hint', canGoOn && !isAtEnd);
    this.#save.disabled = !hasRecording;
    this.#test.disabled = !canTest;
  }
}
