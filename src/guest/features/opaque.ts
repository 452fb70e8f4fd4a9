const { construct } = Reflect;
type Class = { new (): object; prototype: object };
const IteratorConstructor = (globalThis as unknown as { readonly Iterator: Class }).Iterator;

/** What an opaque object inherits from when its `newTarget` has no prototype. */
export const opaqueFallback = IteratorConstructor.prototype;

/**
 * What classes extend whose content only they can read. Their objects are of a kind that the engine does not write, where it would write
 * those of other classes as plain objects: without any content.
 */
export const Opaque = function (): object {
  return construct(IteratorConstructor, [], new.target as unknown as Class);
} as unknown as Class;
Opaque.prototype = Object.prototype;
Object.defineProperty(Opaque, 'name', { value: '' });
