// TypeScript: strict projects of every kind that compile a program against our declarations and run what comes out, and handlers that are
// checked with the compiler of the project.
import { readdirSync } from 'node:fs';

import { PRINTED, program } from '../programs.mjs';

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: false,
  skipLibCheck: false,
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  outDir: 'out',
  rootDir: '.',
};

const PROJECTS = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  CommonJS: { module: 'nodenext', moduleResolution: 'nodenext' },
};

/** The program that every row exercises, with the types that a strict project has it write. */
const TYPED = `import type { RuntimeOptions, WasmContext, WasmResult } from 'nexus-runtime';
import { configFromEnv, HandlerCompiler, inferCapabilities, NexusError } from 'nexus-runtime';
import { checkHandlers, handlerTypes, type HandlerProblem } from 'nexus-runtime/typescript';
import { createTestRuntime, record, replay } from 'nexus-runtime/testing';
export const options: RuntimeOptions = { ...configFromEnv({}), maxInstances: 2 };
export const context: WasmContext = { args: 1, capabilities: ['state:read:*', ...inferCapabilities('return 1')] };
export const codeOf = (result: WasmResult): string => result.error?.code ?? 'none';
export const problems = (): Promise<HandlerProblem[]> => checkHandlers('tsconfig.json');
export const others = [NexusError, HandlerCompiler, handlerTypes, createTestRuntime, record, replay];
`;

/** The same program as everywhere, with annotations where strictness wants some. */
function typedProgram() {
  return (
    TYPED +
    program('esm')
      .replace(
        'async function exercise({ createRuntime, runHandler }, options)',
        'async function exercise(options: RuntimeOptions)',
      )
      .replace('exercise({ createRuntime, runHandler }, {})', 'exercise({})')
      .replace('(result) => {', '(result: WasmResult): WasmResult => {')
      .replace('async (name) =>', 'async (name: string) =>')
      .replace('waiting.suspension.suspensionId', "waiting.suspension?.suspensionId ?? ''")
      .replace('main.stateMutations[0].value', 'main.stateMutations[0]?.value as number')
      .replace('.concat([', '.concat([')
      .replace('return [main.returnValue', 'return ([main.returnValue')
      .replace('waiting.status]', 'waiting.status] as unknown[])')
  );
}

const project = (version, kind) => ({
  name: `TypeScript ${version}, ${kind}`,
  isShort: version === 6 && kind === 'nodenext',
  run: (lab) => {
    const type = kind === 'CommonJS' ? 'commonjs' : 'module';
    lab.install({ typescript: String(version), '@types/node': '22' }, { manifest: { type } });
    lab.write({
      'main.ts': typedProgram(),
      'tsconfig.json': { compilerOptions: { ...STRICT, ...PROJECTS[kind] }, files: ['main.ts'] },
    });
    lab.bin('tsc', ['-p', '.']);
    return lab.node(['out/main.js']);
  },
});

/** The programs of README and docs, as they are installed. They are JavaScript: parameters and what is caught have no annotations. */
function documentedPrograms(lab) {
  const installed = 'node_modules/nexus-runtime';
  const guides = readdirSync(lab.path(installed, 'docs')).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', ...guides.map((name) => `docs/${name}`)];
  return pages.flatMap((page) =>
    [...lab.read(`${installed}/${page}`).matchAll(/^```(?:js|ts)\n([\s\S]*?)^```/gm)]
      .filter(([, text]) => /from 'nexus-runtime/.test(text))
      .map(([, text], index) => [`${page.replace(/\W/g, '-')}-${index}.mjs`, text]),
  );
}

const documented = (version, kind) => ({
  name: `README and docs, TypeScript ${version}, ${kind}`,
  run: (lab) => {
    lab.install({ typescript: String(version), '@types/node': '22', vitest: '4', '@opentelemetry/api': '1' });
    const programs = documentedPrograms(lab);
    const compilerOptions = {
      ...STRICT,
      ...PROJECTS[kind],
      allowJs: true,
      checkJs: true,
      noImplicitAny: false,
      useUnknownInCatchVariables: false,
      noPropertyAccessFromIndexSignature: false,
      skipLibCheck: true,
    };
    lab.write({
      ...Object.fromEntries(programs),
      'tsconfig.json': { compilerOptions, files: programs.map(([name]) => name) },
    });
    lab.bin('tsc', ['-p', '.', '--noEmit']);
    return programs.length > 30 ? PRINTED : `only ${programs.length} programs were found`;
  },
});

const HANDLERS = {
  'handlers/wrong.ts': 'const n: number = $args.name;\nreturn n;\n',
  'types.d.ts': `/// <reference types="nexus-runtime/handler" />\ndeclare const $args: { readonly name: string };\n`,
  'handlers.json': {
    compilerOptions: { strict: true, target: 'es2023', lib: ['es2023'], types: [], noEmit: true },
    include: ['handlers', 'types.d.ts'],
  },
};

const checking = (version, node, { beside = {}, refusal } = {}) => ({
  name: `checkHandlers, TypeScript ${[version, ...Object.keys(beside)].join(' with ')}, Node ${node}`,
  refusal,
  run: (lab) => {
    lab.install({ typescript: String(version), ...beside }, { node });
    lab.write({
      ...HANDLERS,
      'main.mjs': `
        import { checkHandlers } from 'nexus-runtime/typescript';
        try {
          const problems = await checkHandlers('handlers.json');
          const [{ code, line, column }] = problems;
          const found = problems.length + ' ' + code + ' ' + line + ':' + column;
          console.log(found === '1 TS2322 1:7' ? ${JSON.stringify(PRINTED)} : JSON.stringify(problems, undefined, 1));
        } catch (error) {
          console.log(error.name + ' ' + error.code + ': ' + error.message);
        }`,
    });
    return lab.node(['main.mjs'], { node });
  },
});

export const rows = [
  ...['5.8', 6, 7].flatMap((version) => Object.keys(PROJECTS).map((kind) => project(version, kind))),
  documented(6, 'nodenext'),
  documented(6, 'bundler'),
  documented(6, 'node16'),
  documented(7, 'nodenext'),
  checking('5.8', 20),
  checking(6, 24),
  checking(7, 24, { beside: { '@typescript/typescript6': '6' } }),
  checking(7, 22, { refusal: /npm install --save-dev @typescript.typescript6/ }),
];
