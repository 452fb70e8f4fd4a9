import { kind } from './program.js';

const LOGGED =
  'const L=[];const o=n=>({toString(){L.push("s"+n);return n},valueOf(){L.push("v"+n);return n}});const v=n=>(L.push("e"+n),o(n));';

export const templates = kind('templates', [
  `${LOGGED}\`\${v(1)}\${v(2)}\`;return L`,
  `${LOGGED}const t=\`\${v(1)}a\${v(2)}\`;return [t,L]`,
  `${LOGGED}const t=\`x\${v(1)}y\${v(2)}z\${v(3)}\`;return [t,L]`,
  `${LOGGED}const t=\`\${\`\${v(1)}\`+v(2)}\${v(3)}\`;return [t,L]`,
  'let s;try{s=`${Symbol("x")}`}catch(e){return e.name}return s',
  'const L=[];try{`${Symbol()}${L.push(1)}`}catch(e){return [e.name,L]}',
  'const L=[];try{`a${{toString(){throw new Error("t")}}}${L.push(1)}`}catch(e){return [e.message,L]}',
  'try{return `${Object.create(null)}`}catch(e){return e.name}',
  'return `${{[Symbol.toPrimitive]:h=>h}}`',
  'return `${{toString:()=>({}),valueOf:()=>7}}`',
  'return `${null}${undefined}${true}${1n}${-0}${NaN}${1e21}${0.1}`',
  'return `${[1,[2,3]]}${{}}${()=>1}`.length>0',
  'return [`${1}${2}`,`${1}`,`a${1}`,`${1}a`,``,`a`,`${""}${""}`]',
  'return typeof `${1}`',
  'const x=5;return `a\\n${x}\\u{41}${`b${x}`}`',
  'String.prototype.concat=()=>"no";return `a${1}b`',
  'const d=new Date(0);return `${d.getTime()}:${typeof d}`',
  'return `${`${`${1}`}`}`',
  'let s="";for(let i=0;i<50;i++)s=`${s}${i},`;return s',
  'let x="a";x=`${x}b`;x=`c${x}`;return x',
  'const f=(a,b)=>`${a}-${b}`;return f(1,f(2,3))',
  'let i=0;return `${i++}${i++}${i}`',
  'return `${await 1}${await Promise.resolve(2)}`',
  'function*g(){return `${yield 1}-${yield 2}`}const i=g();i.next();i.next("a");return i.next("b").value',
  'return `\\r\\n${"x"}\\\n`',
  'return `é${"ü"}😀${"中"}`',
  'return `${1,2}${(()=>3)()}`',
  'return `a${"b".repeat(3)}c`.length',
  'let n=0;const c={get a(){n++;return 1}};return [`${c.a}${c.a}`,n]',
  'return `${new Error("x")}`',
  'return `$${1}$$${2}$`',
]);
