import { describe, expect, it } from 'vitest';

import { type HandlerTypesOptions, handlerTypes } from '#src/typescript/handler-types.js';

describe('the text of a handler.d.ts', () => {
  it('takes the types of the application where it names them', () => {
    const text = handlerTypes({
      from: '../app-types.ts',
      state: 'AppState',
      args: 'Args',
      extensions: 'AppExtensions',
      events: 'AppEvents',
      components: 'Component',
      types: ['Order'],
      libraries: { lodash: "import('lodash').LoDashStatic", "o'clock": 'unknown' },
    });
    expect(text).toContain(
      "import type { AppEvents, AppExtensions, AppState, Args, Component } from '../app-types.ts';",
    );
    expect(text).toContain('const $state: HandlerState<AppState>;');
    expect(text).toContain('const $args: Args;\n  const $scope: any;');
    expect(text).toContain('const $ext: HandlerExtensions<AppExtensions>;');
    expect(text).toContain('const $emit: HandlerEmit<AppEvents>;');
    expect(text).toContain('const $view: HandlerView<Component>;');
    expect(text).toContain(
      "const $lib: { readonly 'lodash': import('lodash').LoDashStatic; readonly 'o\\'clock': unknown; };",
    );
    expect(text).toContain("type Order = import('../app-types.ts').Order;");
  });

  it('takes any state and event, and no extension, where it names none', () => {
    const text = handlerTypes();
    expect(text).toContain('const $state: HandlerState<Record<string, any>>;');
    expect(text).toContain('const $ext: HandlerExtensions<{}>;');
    expect(text).toContain('const $lib: {};');
    expect(text).not.toContain("from ''");
  });

  it.each<[unknown, string]>([
    [{ state: 'AppState' }, 'options.from is undefined'],
    [{ types: ['A'] }, 'because options.types names a type'],
    [{ from: '', state: 'A' }, 'options.from is ""'],
    [{ from: './a.ts', state: 'A; evil()' }, 'options.state is "A; evil()"; it must be the name of a type'],
    [{ from: './a.ts', state: 7 }, 'options.state is 7'],
    [{ from: './a.ts', types: 'A' }, 'options.types is "A"'],
    [{ from: './a.ts', types: ['A', ''] }, 'options.types[1] is ""'],
    [{ libraries: { a: '' } }, 'options.libraries.a'],
    [{ libraries: ['a'] }, 'options.libraries is an array'],
    [{ stat: 'A' }, 'Did you mean options.state?'],
    [null, 'options is null'],
  ])('%j is refused: %s', (options, message) => {
    expect(() => handlerTypes(options as HandlerTypesOptions)).toThrow(message);
  });
});
