import { kind } from './program.js';

const NUMBERS = [
  '-1.5',
  '-2.5',
  '-5e9',
  '-2147483649',
  '-2147483648',
  '4294967296',
  '5e9',
  '-0',
  '0.5',
  '-0.5',
  '1e300',
  '-1e300',
  '-Infinity',
  'Infinity',
  'NaN',
  '-9007199254740993',
  '-18446744073709551616',
  '-4294967297.5',
];
const BIGINTS = [
  '-1n',
  '-5n',
  '-7n',
  '-10n',
  '0n',
  '3n',
  '-(2n**64n)',
  '-(2n**64n)-1n',
  '2n**64n',
  '-(2n**31n)',
  '-(2n**31n)-1n',
  '-5000000000n',
  '-(10n**300n)',
  '-9007199254740993n',
];
const OPERATORS = ['<', '<=', '>', '>=', '==', '!='];

export const bigints = kind('bigints against numbers', [
  'return [-5n < -1.5, -10n > -5e9, -1n >= -2147483649]',
  ...OPERATORS.map((operator) => {
    const pairs = BIGINTS.flatMap((big) => NUMBERS.map((number) => `${big}${operator}${number}`));
    return [`every bigint ${operator} every number`, `return [${pairs}]`] as const;
  }),
  ...OPERATORS.map((operator) => {
    const pairs = BIGINTS.flatMap((big) => NUMBERS.map((number) => `${number}${operator}${big}`));
    return [`every number ${operator} every bigint`, `return [${pairs}]`] as const;
  }),
  'return [-1n,-5e9,-3.5,-2n,-1e10,-7n,2n,0.5].sort((a,b)=>a<b?-1:a>b?1:0).map(String)',
  'return [-5e9,-5n,-2147483649,-3n].map(x=>-4n<x)',
  'return [-5n=="-5",-5n<"-4",-5n>"-6.5",-5n=="x",-5n<"x"]',
  'return [Math.max(Number(-5n),-5e9),[-5n,-5e9].includes(-5n)]',
  'let n=-3n;const L=[];while(n<-0.5){L.push(String(n));n++}return L',
  'return [-5n,-5e9].map(x=>x<-100)',
  'return [-(2n**70n)<-(2**70),-(2n**70n)==-(2**70),-(2n**70n)-1n<-(2**70),-(2n**70n)+1n>-(2**70)]',
]);

const WIDTHS = [0, 1, 7, 8, 31, 32, 33, 63, 64, 65, 96, 127, 128, 200];
const VALUES = [
  '-1n',
  '1n',
  '0n',
  '2n**31n',
  '2n**32n-1n',
  '-(2n**32n)',
  '2n**63n',
  '2n**64n-1n',
  '-(2n**63n)',
  '-(2n**64n)',
  '0xffffffffffn',
  '-(2n**127n)',
  '2n**128n-1n',
  '-123456789012345678901234567890n',
];

export const unsignedBigints = kind('BigInt.asUintN', [
  ...WIDTHS.map(
    (width) =>
      [`${width} bits`, `return [${VALUES.map((value) => `BigInt.asUintN(${width},${value})`)}].map(String)`] as const,
  ),
  ...WIDTHS.slice(0, 6).map(
    (width) =>
      [
        `signed, ${width} bits`,
        `return [${VALUES.map((value) => `BigInt.asIntN(${width},${value})`)}].map(String)`,
      ] as const,
  ),
  "let h=0xcbf29ce484222325n;for(const c of 'hello'){h^=BigInt(c.charCodeAt(0));h=BigInt.asUintN(64,h*0x100000001b3n);}return h.toString(16)",
  'const L=[];BigInt.asUintN({valueOf(){L.push("w");return 8}},{valueOf(){L.push("v");return -1n}});return L',
  'try{BigInt.asUintN(-1,1n)}catch(e){return e.name}',
  'try{BigInt.asUintN(2**53,1n)}catch(e){return e.name}',
  'try{BigInt.asUintN(8n,1n)}catch(e){return e.name}',
  'try{BigInt.asUintN(8,1)}catch(e){return e.name}',
  'return [String(BigInt.asUintN("8",-1n)),String(BigInt.asUintN(7.9,-1n)),String(BigInt.asUintN(NaN,-1n)),String(BigInt.asUintN(undefined,-1n))]',
  'return [BigInt.asUintN.length,BigInt.asUintN.name,Object.getOwnPropertyDescriptor(BigInt,"asUintN").enumerable]',
  'try{new BigInt.asUintN(8,1n)}catch(e){return e.name}',
  'const a=new BigUint64Array(1);a[0]=-1n;return [String(a[0]),String(BigInt.asUintN(64,-1n))]',
  'return [BigInt.asUintN(64,-1n),BigInt.asUintN(32,4294967295n),BigInt.asUintN(64,2n**63n)].map(String)',
  'const r=[];for(const b of [0,1,31,32,33,63,64,65,96,128,1000])for(const v of [0n,1n,-1n,-3n,2n**31n,2n**32n-1n,-(2n**31n),-(2n**63n),2n**64n-1n,-(2n**100n)-1n,-(7n**40n)])r.push(String(BigInt.asUintN(b,v)),String(BigInt.asIntN(b,v)));return r',
  'try{BigInt.asUintN(2**53-1,-1n)}catch(e){return [e.name,String(BigInt.asUintN(2**53-1,1n))]}',
]);

export const literals = kind('members of literals', [
  'return 0xff.toString(2)',
  'return 0XFF.toFixed(1)',
  'return 0b101.toString()',
  'return 0B11.toFixed(2)',
  'return 0o17.toString(16)',
  'return 0O7.constructor.name',
  'return 0x0.toString()',
  'return 0xe.toString()',
  'return 0xe0.toString()+0xE.valueOf()',
  'return 0x1_0.toString()',
  'return [0x10.toString().length,0b1.x,0o7?.x]',
  'return 0xff .toString()',
  'return 0xff["toString"]()',
  'return 0xffn.toString()',
  'return -0xff.toString()',
  'return `${0xff.toString(16)}`',
  'return 5..toString()+5.5.toString()+1e3.toString()+.5.toString()',
  'return [Number("0x1.8"),Number("0b1.1"),Number("0xff."),parseInt("0x1.8"),parseFloat("0x1.8"),+"0x10"]',
  'return [0x1e3,0x1p===undefined].length',
  'return [0xffe1,0x.5].length',
  'return 0x10.toString().split("").map(c=>0b1.toFixed()+c)',
  'return [0xa.b,0xa.b?.c,0b1.valueOf()+0o1.valueOf()]',
]);

const TYPES = ['BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float64Array', 'Uint8Array'];
const ELEMENTS = ['5', '5n', '"7"', 'undefined', '{valueOf(){return 3}}', 'Symbol()', 'Object(2n)'];

export const changedTypedArrays = kind(
  'with() of typed arrays',
  TYPES.flatMap((type) =>
    ELEMENTS.map(
      (value) =>
        `const r=[];for(const n of [0,2])for(const i of [0,-1,9])try{r.push(String(new ${type}(n).with(i,${value})))}catch(e){r.push(e.name)}return r`,
    ),
  ),
);
