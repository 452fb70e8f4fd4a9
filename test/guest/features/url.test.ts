import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as whatwgUrl from 'whatwg-url';

import { expectAsInNode, inVm } from '../../support/globals.js';
import { ABSOLUTE, BASES, RELATIVE } from './url-inputs.js';

/** Node 20 strays from the standard in places; this does not. */
const REFERENCE = { URL: whatwgUrl.URL, URLSearchParams: whatwgUrl.URLSearchParams };

/** Node 24 takes labels that are no Punycode, which the standard and Node 20 refuse. */
const PUNYCODE = /xn--/i;

const describeUrl = (input: string) => {
  const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } = new URL(input);
  return { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash };
};

describe('URL', () => {
  it('has the parts that Node gives it, or is refused as Node refuses it', async () => {
    await expectAsInNode(
      describeUrl,
      ABSOLUTE.filter((input) => !PUNYCODE.test(input)),
    );
    await expectAsInNode(describeUrl, ABSOLUTE, REFERENCE);
  });

  it('agrees with Node on any text that looks like one', async () => {
    const piece = fc.constantFrom(
      'http',
      'https',
      'foo',
      ':',
      '//',
      '/',
      '.',
      '..',
      '%2e',
      '@',
      '?',
      '#',
      'a',
      'B',
      '1',
      '-',
      '%20',
      ' ',
      'é',
      '[::1]',
      ':80',
      'x=1',
      '&',
      "'",
      '"',
      '~',
      '_',
    );
    const texts = fc.sample(fc.array(piece, { maxLength: 9 }), 500).map((pieces) => `http://h${pieces.join('')}`);
    await expectAsInNode(describeUrl, texts);
  });

  it('resolves against a base as the standard says', async () => {
    const pairs = BASES.flatMap((base) =>
      [...RELATIVE, ...ABSOLUTE.slice(0, 12)].map((input) => [input, base] as const),
    );
    await expectAsInNode(([input, base]) => new URL(input, base).href, pairs, REFERENCE);
    await expectAsInNode(([input, base]) => URL.canParse(input, base), pairs, REFERENCE);
  });

  it('keeps what a setter does not understand, and changes what it does', async () => {
    const members = [
      'href',
      'protocol',
      'username',
      'password',
      'host',
      'hostname',
      'port',
      'pathname',
      'search',
      'hash',
    ] as const;
    const values = [
      '',
      'x',
      'https',
      'https:',
      'foo',
      'a:b',
      'h:81',
      '81',
      '99999',
      '8x',
      '/p/../q',
      'p q',
      '?a=b c',
      '#f g',
      'http://n/m',
      'é',
      '1.2.3.4',
      '[::1]',
      'a/b',
      '\\',
    ];
    const urls = ['http://u:p@h:8080/a?b#c', 'file:///a/b', 'mailto:x', 'foo://h/p'];
    const cases = urls.flatMap((url) =>
      members.flatMap((member) => values.map((value) => [url, member, value] as const)),
    );
    await expectAsInNode(
      ([input, member, value]) => {
        const url = new URL(input);
        url.searchParams.get('b');
        url[member] = value;
        return [url.href, [...url.searchParams]];
      },
      cases,
      REFERENCE,
    );
  });

  it('a URL and its searchParams change together', async () => {
    await expectAsInNode(() => {
      const url = new URL('https://h/?a=1&b=2');
      const { searchParams } = url;
      const seen = [searchParams === url.searchParams, url.search];
      searchParams.append('c', 'x y');
      seen.push(url.href);
      searchParams.delete('a');
      searchParams.sort();
      seen.push(url.search);
      url.search = '?z=%20';
      seen.push(searchParams.get('z') as string, searchParams.size as never);
      url.href = 'https://other/?k=v';
      seen.push(searchParams.toString());
      searchParams.delete('k');
      seen.push(url.href);
      return seen;
    }, [0]);
  });

  it('has the interface of the standard', async () => {
    await expectAsInNode(() => {
      const url = new URL('https://h/');
      return [
        String(url),
        JSON.stringify({ url }),
        Object.prototype.toString.call(url),
        URL.name,
        Object.keys(URL.prototype).includes('href'),
      ];
    }, [0]);
    await expectAsInNode(() => (URL as unknown as () => void)(), [0]);
    await expectAsInNode(() => new (URL as unknown as new () => URL)(), [0]);
    const parsed = await inVm(
      (input: string) => (URL as unknown as { parse(input: string): URL | null }).parse(input)?.href,
      ['http://a', 'nothing'],
    );
    expect(parsed).toEqual([{ value: 'http://a/' }, { value: undefined }]);
  });

  it('writes the names of many scripts in ASCII as Node does', async () => {
    const names = [
      'faß',
      'Σίσυφος',
      'ΑΣ',
      'İ',
      'ﬁ',
      'Ⅷ',
      'ª',
      'ǆ',
      '한국',
      '한국',
      'ไทย',
      'தமிழ்',
      '中国',
      'россия',
      'ελ',
      'Ⓐ',
      'ｶ',
      '𝐀',
      'ö',
      'ö',
      '½',
      '・',
      'ー',
      'ß',
      'ſ',
      'ŉ',
      'К',
      'ꭰ',
    ];
    const ascii = await inVm((name: string) => new URL(`http://${name}.x`).hostname, names);
    for (const [i, name] of names.entries())
      expect([name, ascii[i]]).toEqual([name, { value: domainToASCII(`${name}.x`) }]);
  });
});
