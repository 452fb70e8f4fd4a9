import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { RuntimeOptions } from '#src/api/options.js';
import { configFromEnv } from '#src/config/env.js';
import type { NumberOption, OptionDescriptor } from '#src/config/option-descriptor.js';
import { OPTION_TABLE, optionNames, variableOf } from '#src/config/option-table.js';
import { resolveCompilerConfig, resolveRuntimeConfig } from '#src/config/resolve.js';

const numbers = optionNames().flatMap((name): [keyof RuntimeOptions, NumberOption][] => {
  const option: OptionDescriptor = OPTION_TABLE[name];
  return option.kind === 'number' ? [[name, option]] : [];
});

/** Options that go with an extreme value of another one, which would otherwise be refused beside the defaults. */
const BESIDE: Readonly<Partial<Record<keyof RuntimeOptions, RuntimeOptions>>> = {
  minInstances: { maxInstances: 1024 },
  maxInstancesPerTenant: { maxInstances: 1024 },
  maxQueuePerTenant: { maxQueue: Number.MAX_SAFE_INTEGER },
  maxContextBytes: { memoryLimitBytes: 2 * 1024 ** 3 },
  maxResultBytes: { memoryLimitBytes: 2 * 1024 ** 3 },
};

/** `'64 MiB'`, `'30,000'` and `'604,800,000 (7 days)'` as numbers. */
function numberIn(text: string): number {
  const [, digits = '', unit = ''] = /^([\d,]+)(?: (KiB|MiB|GiB))?/.exec(text) ?? [];
  return Number(digits.replaceAll(',', '')) * ({ KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }[unit] ?? 1);
}

describe('the table of options', () => {
  it.each(numbers)('%s takes its whole range and nothing beyond', (name, {
    min = 0,
    max = Number.MAX_SAFE_INTEGER,
    multipleOf = 1,
  }) => {
    const resolve = (value: number) => resolveRuntimeConfig({ ...BESIDE[name], [name]: value });
    for (const value of [min, max]) expect(() => resolve(value)).not.toThrow();
    for (const value of [min - multipleOf, max + multipleOf, min + multipleOf / 2, Number.NaN, '1']) {
      expect(() => resolve(value as number)).toThrow(`Option ${name} is `);
    }
  });

  it.each(
    numbers.filter(([, { fallback }]) => fallback !== undefined && Number.isFinite(fallback)),
  )('%s has the default that its docstring says', (name, { fallback, byDefault }) => {
    const source = readFileSync(new URL('../../src/api/options.ts', import.meta.url), 'utf8');
    const [, docstring = ''] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*readonly ${name}\\?`).exec(source) ?? [];
    const documented = /@default\s*(?:\*\s*)?(.*?)\s*\*?\s*$/s
      .exec(docstring)?.[1]
      ?.replace(/\s*\*\s*/g, ' ')
      .trim();
    if (byDefault === undefined) expect(numberIn(documented ?? '')).toBe(fallback);
    else expect(documented).toContain(byDefault);
  });

  it.each(optionNames())('%s has a variable if it is no object, and a doc line', (name) => {
    const option: OptionDescriptor = OPTION_TABLE[name];
    const given = { number: '7', switch: 'true', choice: 'x', name: 'x', path: 'x', secrets: 'x, y', object: 'true' }[
      option.kind
    ];
    const read = { number: 7, switch: true, choice: 'x', name: 'x', path: 'x', secrets: ['x', 'y'], object: true }[
      option.kind
    ];
    const hasVariable = option.kind !== 'object' || option.onOrOff === true;
    expect(configFromEnv({ [`NEXUS_${variableOf(name)}`]: given })).toEqual(hasVariable ? { [name]: read } : {});
    expect(option.doc).not.toBe('');
  });

  it('says what a HandlerCompiler takes', () => {
    for (const name of optionNames('limits', 'suspension', 'runtime')) {
      expect(() => resolveCompilerConfig({ [name]: undefined })).toThrow(`Unknown option ${name}`);
    }
    for (const name of optionNames('cache', 'pool').filter((each) => each !== 'libraries')) {
      expect(() => resolveCompilerConfig({ [name]: undefined })).not.toThrow();
    }
  });
});
