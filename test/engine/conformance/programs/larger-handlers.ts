import { js, type Subject } from '../program.js';

/** Programs of the size and mixture of real handlers. */
export const largerHandlers: Subject = {
  subject: 'larger programs: parsing, events, state and validation',
  programs: [
    {
      title: 'an expression parser and evaluator',
      body: js`
        function* lex(text) {
          for (const m of text.matchAll(/\s*(?:(?<num>\d+(?:\.\d+)?)|(?<id>[a-z]\w*)|(?<op>\*\*|[-+*\/%(),]))/gy))
            yield m.groups.num !== undefined
              ? { t: 'num', v: Number(m.groups.num) }
              : m.groups.id
                ? { t: 'id', v: m.groups.id }
                : { t: m.groups.op };
          yield { t: 'end' };
        }
        class Parser {
          #tokens;
          #at = 0;
          static #power = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '**': 3 };
          constructor(text) {
            this.#tokens = [...lex(text)];
          }
          #peek() {
            return this.#tokens[this.#at];
          }
          #take(t) {
            const x = this.#peek();
            if (t && x.t !== t) throw new SyntaxError('expected ' + t + ', got ' + x.t);
            this.#at++;
            return x;
          }
          parse() {
            const e = this.expression(0);
            this.#take('end');
            return e;
          }
          expression(min) {
            let left = this.primary();
            for (let p; (p = Parser.#power[this.#peek().t]) > min; ) {
              const op = this.#take().t;
              left = { op, left, right: this.expression(op === '**' ? p - 1 : p) };
            }
            return left;
          }
          primary() {
            const x = this.#take();
            switch (x.t) {
              case 'num':
                return x.v;
              case 'id': {
                if (this.#peek().t !== '(') return { name: x.v };
                this.#take();
                const args = [];
                while (this.#peek().t !== ')') {
                  args.push(this.expression(0));
                  if (this.#peek().t === ',') this.#take();
                }
                this.#take(')');
                return { call: x.v, args };
              }
              case '(': {
                const e = this.expression(0);
                this.#take(')');
                return e;
              }
              case '-':
                return { op: 'neg', left: this.expression(2) };
              default:
                throw new SyntaxError('unexpected ' + x.t);
            }
          }
        }
        const ops = {
          '+': (a, b) => a + b,
          '-': (a, b) => a - b,
          '*': (a, b) => a * b,
          '/': (a, b) => a / b,
          '%': (a, b) => a % b,
          '**': (a, b) => a ** b,
          neg: (a) => -a,
        };
        const evaluate = (e, env) =>
          typeof e === 'number'
            ? e
            : e.name
              ? env[e.name]
              : e.call
                ? Math[e.call](...e.args.map((a) => evaluate(a, env)))
                : ops[e.op](evaluate(e.left, env), e.right === undefined ? undefined : evaluate(e.right, env));
        return ['1 + 2 * 3', '2 ** 3 ** 2', '(1 - -x) * max(1, y, 3) % 7', '10 / 4 - 1.5', '(1', '1 + )'].map((t) => {
          try {
            return evaluate(new Parser(t).parse(), { x: 4, y: 9 });
          } catch (e) {
            return e.name + ': ' + e.message;
          }
        });
      `,
    },
    {
      title: 'an event emitter with an async queue, retries and timeouts by ticks',
      body: js`
        class Emitter {
          #listeners = new Map();
          on(e, f) {
            (this.#listeners.get(e) ?? this.#listeners.set(e, new Set()).get(e)).add(f);
            return () => this.#listeners.get(e).delete(f);
          }
          emit(e, ...a) {
            for (const f of this.#listeners.get(e) ?? []) f.call(this, ...a);
            return this;
          }
        }
        class Queue extends Emitter {
          #jobs = [];
          #running = 0;
          #limit;
          constructor(limit) {
            super();
            this.#limit = limit;
          }
          push(name, job) {
            return new Promise((resolve, reject) => {
              this.#jobs.push({ name, job, resolve, reject });
              this.#pump();
            });
          }
          async #pump() {
            if (this.#running >= this.#limit || this.#jobs.length === 0) return;
            const { name, job, resolve, reject } = this.#jobs.shift();
            this.#running++;
            this.emit('start', name);
            try {
              resolve(await job());
            } catch (e) {
              reject(e);
            } finally {
              this.#running--;
              this.emit('end', name);
              this.#pump();
            }
          }
        }
        const log = [];
        const q = new Queue(2);
        const off = q.on('start', (n) => log.push('+' + n));
        q.on('end', (n) => log.push('-' + n));
        const ticks = async (n) => {
          while (n--) await null;
        };
        const retry = async (f, n) => {
          for (let i = 0; ; i++) {
            try {
              return await f(i);
            } catch (e) {
              if (i >= n) throw e;
            }
          }
        };
        const results = await Promise.allSettled([
          q.push('a', () => ticks(3)),
          q.push('b', async () => {
            await ticks(1);
            return 'B';
          }),
          q.push('c', () =>
            retry((i) => {
              if (i < 2) throw new Error('try ' + i);
              return 'c after ' + i;
            }, 3),
          ),
          q.push('d', () =>
            retry(() => {
              throw new RangeError('never');
            }, 1),
          ),
        ]);
        off();
        await q.push('silent', () => 1);
        return [results, log.join(' ')];
      `,
    },
    {
      title: 'a reducer with immutable updates, selectors and undo',
      body: js`
        const reducer = (state, { type, ...action }) => {
          switch (type) {
            case 'add':
              return {
                ...state,
                items: [...state.items, { id: state.next, done: false, ...action }],
                next: state.next + 1,
              };
            case 'toggle':
              return { ...state, items: state.items.map((i) => (i.id === action.id ? { ...i, done: !i.done } : i)) };
            case 'remove': {
              const { [action.id]: _, ...rest } = state.notes ?? {};
              return { ...state, items: state.items.filter(({ id }) => id !== action.id), notes: rest };
            }
            default:
              throw new TypeError('unknown action: ' + type);
          }
        };
        const store = ((state, past = []) => ({
          dispatch(a) {
            const next = reducer(state, a);
            past.push(state);
            state = Object.freeze(next);
            return this;
          },
          undo() {
            state = past.pop() ?? state;
            return this;
          },
          select: (f) => f(state),
        }))({ items: [], next: 1 });
        store
          .dispatch({ type: 'add', text: 'one' })
          .dispatch({ type: 'add', text: 'two', tags: ['x'] })
          .dispatch({ type: 'toggle', id: 2 })
          .dispatch({ type: 'remove', id: 1 })
          .undo();
        let error;
        try {
          store.dispatch({ type: 'bogus' });
        } catch (e) {
          error = e.message;
        }
        return [store.select((s) => s), store.select(({ items }) => items.filter((i) => i.done).length), error];
      `,
    },
    {
      title: 'validation with schemas made of closures and accumulated errors',
      body: js`
        const fail = (path, m) => [{ path: path.join('.') || '(root)', m }];
        const is =
          (t) =>
          (v, p = []) =>
            typeof v === t ? [] : fail(p, 'expected ' + t);
        const optional = (s) => (v, p) => (v === undefined ? [] : s(v, p));
        const list =
          (s) =>
          (v, p = []) =>
            Array.isArray(v) ? v.flatMap((x, i) => s(x, [...p, i])) : fail(p, 'expected array');
        const shape =
          (o) =>
          (v, p = []) =>
            v === null || typeof v !== 'object'
              ? fail(p, 'expected object')
              : [
                  ...Object.entries(o).flatMap(([k, s]) => s(v[k], [...p, k])),
                  ...Object.keys(v)
                    .filter((k) => !Object.hasOwn(o, k))
                    .flatMap((k) => fail([...p, k], 'unknown')),
                ];
        const any =
          (...ss) =>
          (v, p) => {
            const all = ss.map((s) => s(v, p));
            return all.some((e) => !e.length) ? [] : all.flat();
          };
        const user = shape({
          name: is('string'),
          age: optional(is('number')),
          tags: list(any(is('string'), is('number'))),
          address: shape({ zip: is('string') }),
        });
        return [
          user({ name: 'x', tags: ['a', 1], address: { zip: '1' } }),
          user({ name: 1, age: 'old', tags: [null], address: null, extra: 1 }),
          user(null),
        ];
      `,
    },
  ],
};
