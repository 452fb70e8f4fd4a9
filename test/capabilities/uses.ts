/** What may be carried, and a use of it where it arrives as `C`. */
export interface Use {
  readonly value: string;
  readonly use: string;
}

const use = (value: string, text: string): Use => ({ value, use: text });

export const USES: readonly Use[] = [
  use('$emit', '(C)("x", 1);'),
  use('$emit', '["x"].forEach(C);'),
  use('$state.user', '(C).n = 5;'),
  use('$state.items', '(C).push(1);'),
  use('$state', '(C).count = 7;'),
  use('$state', '$emit("size", (C).user.n);'),
  use('$ext', '(C).http.get(1);'),
  use('$ext.http', '(C).get(1);'),
  use('$ext.http.get', '(C)(1);'),
  use('$view', '(C).focus("x");'),
  use('$view.focus', '(C)("x");'),
  use('"user"', '$emit("read", $state[C].n);'),
  use('"user"', '$emit(C);'),
  use('$state.set', '(C)("count", 3);'),
  use('Reflect', '(C).apply($emit, null, ["x"]);'),
  use('Reflect.set', '(C)($state, "count", 3);'),
  use('Array.prototype', '(C).push.call($state.items, 1);'),
  use('Array.prototype.push', '(C).call($state.items, 1);'),
  use('Object.assign', '(C)($state.user, { n: 5 });'),
  use('((o) => { o.n = 5 })', '(C)($state.user);'),
  use('(function () { this.n = 5 })', '(C).call($state.user);'),
  use('globalThis', '(C).$emit("x");'),
  use('$emit.bind(null, "x")', '(C)();'),
  use('{ n: $state.user }', '(C).n.n = 5;'),
  use('[$state.user]', 'for (const o of C) o.n = 5;'),
];
