import type {
  AnalysisView,
  FileView,
  GivenAnswer,
  Inputs,
  OpenedRecording,
  ProjectView,
} from '../../playground/contract.js';
import { ask, RequestRefusal } from '../shared/api.js';
import { h, put } from '../shared/dom.js';
import { live } from '../shared/events.js';
import type { Shell } from '../shared/shell.js';
import { CapabilityPanel } from './capabilities.js';
import { Editor } from './editor.js';
import { InputPanel } from './inputs.js';
import { OutcomePanel } from './outcome.js';
import { StepPanel } from './step.js';
import { saveRecording, TestDialog } from './test-dialog.js';
import { StepTimeline } from './timeline.js';
import { Toolbar } from './toolbar.js';
import { Runner, type Trace } from './trace.js';

const EXAMPLE = `// A handler is the body of an async function. Ctrl+S saves and runs it.
$state.greeted = ($state.greeted ?? 0) + 1;
$emit('greeting.sent', { to: $args?.name });
return \`Hello \${$args?.name ?? 'world'}!\`;
`;
const ANALYSE_MS = 200;
const NO_INPUTS: Inputs = { args: '', state: '', scope: '' };

/** What is edited: a file, a recording, or neither. */
interface Opened {
  /** Its name in the folder. */
  readonly name?: string;
  /** What the runtime calls it. */
  readonly filename: string;
  /** Of the file, to notice changes by others. */
  version: string;
  readonly recording?: OpenedRecording;
}

export async function openPlayground(shell: Shell): Promise<void> {
  const project = await ask<ProjectView>('playground/project');
  const workspace = new Workspace(shell, project);
  await workspace.begin();
}

/** Connects the parts of the page. */
class Workspace {
  readonly #shell: Shell;
  readonly #toolbar: Toolbar;
  readonly #editor: Editor;
  readonly #inputs: InputPanel;
  readonly #timeline: StepTimeline;
  readonly #step: StepPanel;
  readonly #outcome: OutcomePanel;
  readonly #capabilities: CapabilityPanel;
  readonly #tests = new TestDialog();
  readonly #runner = new Runner((trace) => this.#onTrace(trace));
  readonly #conflict = h('div', { class: 'card conflict', role: 'alert' });
  #project: ProjectView;
  #opened: Opened = { filename: 'handler.js', version: '' };
  #analysis: AnalysisView = { capabilities: [], problems: [] };
  #trace: Trace | undefined;
  #selected = 0;
  /** Whether the inputs are others than those of the recording. */
  #areInputsOwn = true;
  /** False until something is open. */
  #isOpen = false;
  #isDirty = false;
  #timer = 0;
  #analyses = 0;

  constructor(shell: Shell, project: ProjectView) {
    this.#shell = shell;
    this.#project = project;
    const goTo = (place: { line: number; column: number }) => this.#editor.goTo(place);
    const run = () => void this.#guard(() => this.#saveAndRun());
    const goOn = () => void this.#guard(() => this.#goOn());
    this.#toolbar = new Toolbar({
      onOpen: (name) => void this.#guard(() => this.#openFile(name)),
      onRun: run,
      onGoOn: goOn,
      onStop: () => this.#runner.stop(),
      onUpload: (file) => void this.#guard(() => this.#upload(file)),
      onSaveRecording: () => void this.#guard(() => saveRecording(this.#trace?.end?.recording ?? '')),
      onTest: () => void this.#guard(() => this.#openTest()),
    });
    this.#editor = new Editor({
      label: 'Handler',
      filename: () => this.#opened.filename,
      onChange: () => this.#onEdit(),
      keys: [
        { key: 'Mod-s', run },
        { key: 'Mod-Enter', run: goOn },
      ],
    });
    this.#inputs = new InputPanel(() => {
      this.#areInputsOwn = true;
      this.#keepInputs();
    });
    this.#timeline = new StepTimeline({ onSelect: (index) => this.#select(index) });
    this.#step = new StepPanel({ onAnswer: (answers) => void this.#guard(() => this.#answer(answers)) });
    this.#outcome = new OutcomePanel({ onGoTo: goTo });
    this.#capabilities = new CapabilityPanel({
      onGoTo: goTo,
      onDeny: () => {
        this.#mark();
        run();
      },
    });
  }

  async begin(): Promise<void> {
    const { main } = this.#shell;
    this.#conflict.hidden = true;
    put(
      main,
      h('h1', { class: 'hidden' }, 'Playground'),
      this.#toolbar.element,
      this.#conflict,
      h(
        'div',
        { class: 'columns' },
        h(
          'div',
          { class: 'column' },
          h('section', { class: 'card code', 'aria-label': 'Editor' }, this.#editor.element),
          this.#inputs.element,
          this.#capabilities.element,
        ),
        h('div', { class: 'column' }, this.#timeline.element, this.#outcome.element, this.#step.element),
      ),
      this.#tests.element,
    );
    // For those who are not in the editor.
    document.addEventListener('keydown', (event) => this.#onKey(event));
    window.addEventListener('beforeunload', (event) => {
      if (this.#isDirty) event.preventDefault();
    });
    this.#outcome.show(undefined);
    this.#timeline.show(undefined, 0);
    live({
      path: 'playground/changes',
      onState: (state) => this.#shell.setLive(state),
      onEvent: (event, data) => void this.#guard(() => this.#onChanged(event, data)),
    });
    await this.#guard(() => this.#openFirst());
  }

  async #openFirst(): Promise<void> {
    if (this.#project.recording !== undefined) {
      const opened = await ask<OpenedRecording | null>('playground/opened');
      if (opened !== null) return this.#openRecording(opened);
    }
    const name = this.#project.file ?? this.#project.files[0];
    if (name !== undefined) return this.#openFile(name);
    this.#opened = { name: 'handler.js', filename: `${this.#project.base}handler.js`, version: '' };
    this.#show(EXAMPLE, this.#keptInputs() ?? this.#project.inputs, true);
  }

  async #openFile(name: string): Promise<void> {
    const { text: code, version } = await ask<FileView>('playground/file', { query: { name } });
    this.#opened = { name, filename: `${this.#project.base}${name}`, version };
    const isFirst = name === this.#project.file || this.#project.file === undefined;
    this.#show(code, this.#keptInputs() ?? (isFirst ? this.#project.inputs : NO_INPUTS), true);
  }

  async #upload(file: File): Promise<void> {
    const options = { method: 'POST', blob: file, query: { name: file.name } } as const;
    this.#openRecording(await ask<OpenedRecording>('playground/recordings', options));
  }

  #openRecording(opened: OpenedRecording): void {
    const { filename, code, inputs, areExact, recording, segments } = opened;
    this.#opened = { filename, version: '', recording: opened };
    this.#show(code, inputs, areExact);
    this.#areInputsOwn = false;
    void this.#run({ from: { recording, segments }, isLive: false });
  }

  /** Shows what was opened, of which nothing was run yet. */
  #show(code: string, inputs: Inputs, canEdit: boolean): void {
    this.#runner.stop();
    this.#editor.set(code);
    this.#isOpen = true;
    this.#isDirty = false;
    this.#areInputsOwn = true;
    this.#inputs.show(inputs, canEdit);
    this.#conflict.hidden = true;
    this.#trace = undefined;
    this.#select(0);
    this.#outcome.show(undefined);
    this.#showToolbar();
    void this.#analyse();
  }

  async #saveAndRun(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#save();
    const { recording } = this.#opened;
    // A recording is run again with its answers, and calls what it has no answer to.
    if (recording === undefined) await this.#run({});
    else await this.#run({ from: { recording: recording.recording, segments: recording.segments } });
  }

  /** The answers up to the selected step stay; what follows is called anew. */
  async #goOn(): Promise<void> {
    const recording = this.#trace?.end?.recording;
    if (recording === undefined) return this.#saveAndRun();
    await this.#save();
    await this.#run({ from: { recording, segments: this.#selected + 1 } });
  }

  async #answer(answers: readonly GivenAnswer[]): Promise<void> {
    const recording = this.#trace?.end?.recording;
    if (recording === undefined) return;
    await this.#run({ from: { recording, segments: this.#trace?.steps.length ?? 1 }, answers });
  }

  async #run(more: Partial<Parameters<Runner['run']>[0]>): Promise<void> {
    await this.#runner.run({
      code: this.#editor.text,
      filename: this.#opened.filename,
      denied: [...this.#capabilities.denied],
      ...(this.#areInputsOwn && { inputs: this.#inputs.values }),
      ...more,
    });
  }

  async #save(): Promise<void> {
    const { name, version } = this.#opened;
    if (name === undefined || (!this.#isDirty && version !== '')) return;
    const body = { name, text: this.#editor.text, version };
    const saved = await ask<{ version?: string; isChanged?: true }>('playground/file', { method: 'PUT', body });
    if (saved.isChanged) return this.#showConflict(name);
    this.#opened.version = saved.version ?? '';
    this.#isDirty = false;
    this.#conflict.hidden = true;
    this.#showToolbar();
  }

  #showConflict(name: string): void {
    const load = () => void this.#guard(() => this.#openFile(name));
    const overwrite = async () => {
      this.#opened.version = (await ask<FileView>('playground/file', { query: { name } })).version;
      this.#isDirty = true;
      await this.#saveAndRun();
    };
    put(
      this.#conflict,
      h('span', {}, `${name} was changed elsewhere, and here as well.`),
      h('button', { class: 'second', type: 'button', on: { click: load } }, 'Load it, losing what is here'),
      h(
        'button',
        { class: 'danger', type: 'button', on: { click: () => void this.#guard(overwrite) } },
        'Overwrite it',
      ),
    );
    this.#conflict.hidden = false;
  }

  async #onChanged(event: string, data: unknown): Promise<void> {
    if (event === 'extensions') {
      this.#project = await ask<ProjectView>('playground/project');
      await this.#analyse();
      if (this.#trace !== undefined && this.#opened.recording === undefined) await this.#run({});
    }
    if (event !== 'files') return;
    const { names } = data as { readonly names: readonly string[] };
    const { name, version } = this.#opened;
    this.#project = await ask<ProjectView>('playground/project');
    this.#showToolbar();
    if (name === undefined || !names.includes(name)) return;
    const file = await ask<FileView>('playground/file', { query: { name } });
    if (file.version === version || file.version === this.#opened.version) return;
    if (this.#isDirty) return this.#showConflict(name);
    // Saved in another editor: it is run as if it had been saved here.
    this.#opened.version = file.version;
    this.#editor.set(file.text);
    await this.#analyse();
    await this.#run({});
  }

  #onTrace(trace: Trace): void {
    const isNew = this.#trace?.steps.length !== trace.steps.length || !trace.isRunning;
    this.#trace = trace;
    if (isNew) this.#select(Math.max(0, trace.steps.length - 1));
    this.#outcome.show(trace.end);
    this.#showToolbar();
  }

  #select(index: number): void {
    const { steps = [], end } = this.#trace ?? {};
    this.#selected = Math.max(0, Math.min(index, steps.length - 1));
    const isLast = this.#selected === steps.length - 1;
    this.#timeline.show(this.#trace, this.#selected);
    this.#step.show(steps[this.#selected], isLast && end?.status === 'suspended');
    this.#showToolbar();
    this.#mark();
  }

  #mark(): void {
    const { steps = [], end, code } = this.#trace ?? {};
    const step = steps[this.#selected];
    const isLast = this.#selected === steps.length - 1;
    const isSame = code === this.#editor.text;
    const failed = isLast && isSame ? end?.error?.place?.line : undefined;
    this.#editor.mark({
      capabilities: this.#analysis.capabilities,
      denied: this.#capabilities.denied,
      waiting: isSame ? (step?.waitingFor.flatMap(({ method }) => this.#linesOf(method)) ?? []) : [],
      ...(failed !== undefined && { failed }),
    });
  }

  /** The lines that call a method, by what the capabilities are needed for. */
  #linesOf(method: string): number[] {
    const own = this.#analysis.capabilities.find(({ capability }) => capability === `ext:${method}`);
    return own?.reasons.map(({ line }) => line) ?? [];
  }

  #onEdit(): void {
    if (!this.#isDirty) {
      this.#isDirty = true;
      this.#showToolbar();
    }
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#guard(() => this.#analyse()), ANALYSE_MS);
  }

  async #analyse(): Promise<void> {
    const number = ++this.#analyses;
    const body = { code: this.#editor.text, filename: this.#opened.filename };
    const analysis = await ask<AnalysisView>('playground/analyse', { method: 'POST', body });
    // A later one is under way, or the text is another by now.
    if (number !== this.#analyses || body.code !== this.#editor.text) return;
    // While the text does not parse, what it needed before is the better guess.
    const hasSyntax = !analysis.problems.some(({ source }) => source === 'nexus');
    this.#analysis = hasSyntax ? analysis : { ...analysis, capabilities: this.#analysis.capabilities };
    this.#capabilities.show(this.#analysis.capabilities);
    this.#editor.showProblems(analysis.problems);
    this.#mark();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    const isMod = event.ctrlKey || event.metaKey;
    if (isMod && event.key === 's') {
      event.preventDefault();
      void this.#guard(() => this.#saveAndRun());
    } else if (event.altKey && (event.key === ',' || event.key === '.')) {
      event.preventDefault();
      this.#timeline.move(event.key === ',' ? -1 : 1);
    }
  }

  async #openTest(): Promise<void> {
    const recording = this.#trace?.end?.recording;
    if (recording === undefined) return;
    const { name, filename } = this.#opened;
    await this.#tests.open({ recording, ...(name !== undefined && { file: filename }) });
  }

  #showToolbar(): void {
    const { end, isRunning = false, steps = [] } = this.#trace ?? {};
    this.#toolbar.show({
      files: this.#project.files,
      ...(this.#opened.name !== undefined && { name: this.#opened.name }),
      title: this.#opened.recording === undefined ? this.#opened.filename : `recording of ${this.#opened.filename}`,
      isOpen: this.#isOpen,
      isDirty: this.#isDirty,
      isRunning,
      hasRecording: end?.recording !== undefined,
      canGoOn: end?.recording !== undefined && steps.length > 0,
      isAtEnd: this.#selected >= steps.length - 1,
      canTest: end?.recording !== undefined && end.status !== 'suspended',
    });
    const title = `${this.#isDirty ? '• ' : ''}${this.#opened.filename} · Nexus Runtime`;
    if (document.title !== title) document.title = title;
  }

  #keepInputs(): void {
    try {
      sessionStorage.setItem(`nexus-inputs:${this.#opened.filename}`, JSON.stringify(this.#inputs.values));
    } catch {
      // They last as long as the page.
    }
  }

  #keptInputs(): Inputs | undefined {
    try {
      const kept = sessionStorage.getItem(`nexus-inputs:${this.#opened.filename}`);
      return kept === null ? undefined : { ...NO_INPUTS, ...(JSON.parse(kept) as Partial<Inputs>) };
    } catch {
      return undefined;
    }
  }

  async #guard(act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof RequestRefusal)) throw error;
      this.#shell.notify(error.message);
    }
  }
}
