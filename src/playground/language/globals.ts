import type { Extension } from '../../api/extension.js';
import { methodNamesOf } from '../../execution/request/build-request.js';
import { handlerTypes } from '../../typescript/index.js';

/**
 * Declarations of the globals of handlers, for those whose project has none. Of extensions that `defineExtension` made they have the types, of
 * others the names of the methods.
 */
export function globalsFor(extensions: Readonly<Record<string, Extension>>): string {
  try {
    return handlerTypes({ extensions });
  } catch {
    const members = Object.entries(extensions).map(([name, extension]) => {
      const methods = methodNamesOf(extension).map((method) => `${JSON.stringify(method)}(...args: any[]): any;`);
      return `${JSON.stringify(name)}: { ${methods.join(' ')} };`;
    });
    return handlerTypes().replace('HandlerExtensions<{}>', () => `HandlerExtensions<{ ${members.join(' ')} }>`);
  }
}
