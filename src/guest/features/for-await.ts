import type { FeatureHost } from './feature.js';
import { ForAwait, iterationOf } from './for-await/loop.js';

function open(iterable: unknown): ForAwait {
  const iteration = iterationOf(iterable);
  if (iteration === undefined) throw new TypeError('the value of for await is not iterable');
  return new ForAwait(iterable, iteration);
}

export default function install(host: FeatureHost): void {
  host.define('$forAwait', open);
}
