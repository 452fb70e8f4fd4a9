const NAMES = '{ state: $state, scope: $scope, emit: $emit, view: $view, ext: $ext, log: $log, lib: $lib }';

/** A body as a function and as a module, which have what it uses from `ctx`, in the ways in which authors pass it on. */
export const PROGRAM_FORMS: readonly ((body: string) => string)[] = [
  (body) => `async ($args, ${NAMES}) => {\n${body}\n}`,
  (body) => `async function handler($args, ctx) {\nconst ${NAMES} = ctx;\n${body}\n}`,
  (body) => `export default async ($args, ${NAMES}) => {\n${body}\n};`,
  (body) =>
    `const work = async ($args, ctx) => {\nconst $state = ctx.state, $emit = ctx["emit"], $view = ctx.view, { ext: $ext, log: $log, ...rest } = ctx;\n${body}\n};\nexport { handler as default };\nfunction handler(args, context) { return work(args, { ...context }); }`,
  (body) =>
    `class Rule {\n#ctx;\nconstructor(ctx) { this.#ctx = ctx; }\nasync run($args) {\nconst ${NAMES} = this.#ctx;\n${body}\n}\n}\nexport default async (args, ctx) => new Rule(ctx).run(args);`,
];
