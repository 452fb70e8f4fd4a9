import type { SavedProgram } from '../session/saved-programs.js';

/** What is declared before a program, and what a call of it needs. */
export interface Prologue {
  readonly text: string;
  readonly capabilities: readonly string[];
}

type Tree = { [name: string]: Tree | 1 };

/** Makes `tools` of a tree of names. It is a convenience of programs: whatever they do to it, calls are checked outside of the VM. */
const MAKE = `((tree,saved)=>{
const ext=$ext.tools,{freeze,keys,defineProperty}=Object;
const named=(f,name)=>defineProperty(f,'name',{value:name});
const make=(tree,prefix)=>{const made={};for(const name of keys(tree)){const path=prefix+name;
made[name]=tree[name]===1?named(saved[path]||((...args)=>ext.call(path,...args)),name):make(tree[name],path+'.')}
if(prefix===''){made.$search=named(text=>ext.search(text),'$search');made.$describe=named(name=>ext.describe(name),'$describe')}
return freeze(made)};
return make(tree,'')})`;

/**
 * Declares `tools`, and `session` for programs of one.
 *
 * @param paths of tools
 * @param saved programs by path, which become functions of the program itself: their calls are its own
 */
export function prologueOf(
  paths: readonly string[],
  saved: ReadonlyMap<string, SavedProgram>,
  hasSession: boolean,
): Prologue {
  const tree: Tree = {};
  for (const path of [...paths, ...saved.keys()]) {
    const parts = path.split('.');
    let group = tree;
    for (const part of parts.slice(0, -1)) {
      const inner = group[part];
      const next: Tree = typeof inner === 'object' ? inner : {};
      group[part] = next;
      group = next;
    }
    group[parts.at(-1) as string] = 1;
  }
  const functions = [...saved.values()].map(({ declared, script }) => {
    const path = JSON.stringify(declared.path);
    return `${path}:async(...args)=>{const $args=await $ext.tools.admit(${path},...args),input=$args;return(${script})()}`;
  });
  const session = hasSession ? 'const session={state:$state};' : '';
  // Functions of saved programs mention `tools`, which is declared by then.
  const text = `const tools=${MAKE}(${JSON.stringify(tree)},{${functions.join(',')}});${session}`;
  const state = hasSession ? ['state:read:*', 'state:write:*'] : [];
  const methods = ['call', 'search', 'describe', 'admit'].map((method) => `ext:tools.${method}`);
  return { text, capabilities: [...methods, 'timer', ...state] };
}
