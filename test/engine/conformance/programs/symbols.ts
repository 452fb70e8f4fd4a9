import { js, type Subject } from '../program.js';

export const symbols: Subject = {
  subject: 'symbols',
  programs: [
    {
      title: 'identity, registry, description and conversion',
      body: js`
        const a = Symbol('x'), b = Symbol('x');
        const errors = [];
        for (const f of [() => a + '', () => +a, () => new Symbol(), () => Symbol.keyFor('no')]) {
          try { f(); } catch (e) { errors.push(e.name + ': ' + e.message); } }
        return [a === b, Symbol.for('k') === Symbol.for('k'), Symbol.keyFor(Symbol.for('k')), Symbol.keyFor(a),
          a.description, Symbol().description, Symbol('').description, String(a), Object(a) == a, typeof Object(a),
          errors];
      `,
    },
    {
      title: 'well-known symbols in bytecode are those of the running realm',
      body: js`
        const it = { *[Symbol.iterator]() { yield 1; } };
        return [[...it], Symbol.iterator === Reflect.ownKeys(it)[0], Symbol.keyFor(Symbol.iterator),
          String(Symbol.asyncIterator), Object.getOwnPropertyDescriptor(Symbol, 'iterator').writable];
      `,
    },
    {
      title: 'toPrimitive decides by hint',
      body: js`
        const o = { [Symbol.toPrimitive](hint) { return hint === 'number' ? 42 : hint; } };
        const bad = { [Symbol.toPrimitive]: () => ({}) };
        let error;
        try { +bad; } catch (e) { error = e.name + ': ' + e.message; }
        return [+o, \`\${o}\`, o + '', o * 2, o == 'default', [o] + '', { [o]: 1 }, error,
          new Date(0)[Symbol.toPrimitive]('number')];
      `,
    },
    {
      title: 'hasInstance, isConcatSpreadable, species and toStringTag',
      body: js`
        class Even { static [Symbol.hasInstance](n) { return n % 2 === 0; } }
        const spread = { length: 2, 0: 'a', 1: 'b', [Symbol.isConcatSpreadable]: true };
        const solid = Object.assign([1, 2], { [Symbol.isConcatSpreadable]: false });
        class Special extends Array { static get [Symbol.species]() { return class Other extends Array {}; } }
        return [2 instanceof Even, 1 instanceof Even, [0].concat(spread, solid).length,
          new Special(1, 2).map((x) => x).constructor.name, String({ [Symbol.toStringTag]: 'Tagged' }),
          Object.prototype.toString.call(function* () {}())];
      `,
    },
    {
      title: 'unscopables hide names from with',
      body: js`
        const o = { visible: 'v', hidden: 'h', [Symbol.unscopables]: { hidden: true } };
        const hidden = 'outer';
        with (o) { return [visible, hidden, typeof values]; }
      `,
    },
    {
      title: 'symbols as keys stay out of enumeration and JSON',
      body: js`
        const s = Symbol('s');
        const o = { [s]: 1, a: 2, [Symbol.for('r')]: 3 };
        const seen = [];
        for (const k in o) seen.push(k);
        return [seen, Object.keys(o), JSON.stringify(o), Object.getOwnPropertySymbols(o), Object.assign({}, o),
          { ...o }, JSON.stringify({ v: s, l: [s] })];
      `,
    },
    {
      title: 'function names from symbol keys',
      body: js`
        const s = Symbol('tag'), n = Symbol();
        const o = { [s]() {}, get [n]() { return 1; }, [Symbol.iterator]: () => {},
          [Symbol.for('reg')]: function () {}, k: class { static [s] = () => {}; } };
        return [o, Object.getOwnPropertyDescriptor(o, n).get.name, o.k[s].name];
      `,
    },
  ],
};
