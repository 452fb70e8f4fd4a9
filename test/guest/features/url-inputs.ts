/** What URLs are made of: every state of the parser, and names from many scripts. */
// biome-ignore format: a list
export const ABSOLUTE = [
  'https://example.com', 'https://example.com/', 'http://user:pw@example.com:8080/a/b?x=1&y=2#z',
  'HTTPS://EXAMPLE.COM/A', 'http://example.com:80/', 'https://example.com:443/', 'ftp://example.com:21/',
  'ws://h:80', 'wss://h:443/x', 'http://h:65535', 'http://h:65536', 'http://h:0/', 'http://h:/', 'http://h:8a/',
  'http://a/./b/../c', 'http://a/../..', 'http://a/.', 'http://a/..', 'http://a/%2e/b', 'http://a/%2E%2e/b',
  'http://a/b/.c/..d', 'http://a//b///c', 'http:\\\\a\\b', 'http:/a', 'http:a', 'http://a?', 'http://a#',
  'http://a?#', 'http://a/?q#f?g', 'http://a/b c', 'http://a/é?é#é', 'http://a/%', 'http://a/%zz', 'http://a/?%zz',
  "http://a/?a'b", 'http://a/?a"b<c>', 'http://a/#a`b', 'http://a/{b}', 'http://a/b|c', 'http://1.2.3.4/',
  'http://0x7f.1/', 'http://127.1', 'http://256.1.1.1', 'http://1.2.3.4.5', 'http://0300.0.0.1', 'http://4294967295',
  'http://4294967296', 'http://[::1]/', 'http://[1:2::3:4]:8080/', 'http://[::ffff:1.2.3.4]', 'http://[1::2::3]',
  'http://[::1', 'http://[g::]', 'http://a.b-c_d.e', 'http://a b', 'http://a%20b', 'http://a%41', 'http://a<b',
  'http://', 'https://?x', 'http:///a', 'http://@h', 'http://u@h', 'http://u:@h', 'http://:p@h', 'http://u:p@x:y@h',
  'file:///etc/passwd', 'file://host/p', 'file:///C:/x/../..', 'file:/x', 'file:x', 'file:///C|/x', 'mailto:a@b.c',
  'data:text/plain,hi there#x', 'javascript:alert(1)', 'blob:https://a.b/uuid', 'about:blank', 'urn:isbn:123',
  'foo://bar/baz', 'foo://BAR/', 'foo:/bar', 'foo:bar?q#f', 'foo://h:99999', 'foo://a b', 'non-special://[::1]/x',
  'a+b-c.d://h', '1http://a', ':', '', ' ', 'relative', '/path', '//host', '?q', '#f', ' http://a/ ',
  'ht\ttp://a\n/b', '\u0000http://a/', 'http://a/\ud800', 'http://\ud800/', 'http://faß.de',
  'http://Bücher.example/', 'http://日本語。jp', 'http://☃.net/', 'http://xn--bcher-kva.example', 'http://xn--a',
  'http://xn--/', 'http://XN--BCHER-KVA.example', 'http://a\u00adb.c', 'http://ＧＯ.com', 'http://①②.com',
  'http://א.com', 'http://مثال.إختبار', 'http://e\u0301.x', 'http://\u0301e.x', 'http://a\u200cb',
  'http://हिन्दी.com', 'http://ａ．ｂ', 'http://x\u00a0y', 'http://\ufffd.x', 'https://example.com/orders?id=7',
  'https://a.b/~x/(y)/*;z=1,2@3!$&+', 'https://a-b.c-d/e%20f?g=%20h#i%20j', 'https://a.1b/', 'https://a.b.',
  'https://a..b', 'https://-a.b', 'http://h/?a=b?c/d',
];
// biome-ignore format: a list
export const RELATIVE = [
  '', '#', '#f', '?', '?q', 'x', './x', '../x', '../../../x', '/x', '//h/x', '///x', 'x?y#z', 'http:x', 'https:x',
  'http://o/x', '.', '..', './', '../', 'a/./b/../c', '\\x', 'x:y', '%2e%2e/x', ':x', ' x ',
];
// biome-ignore format: a list
export const BASES = [
  'http://b.c/d/e?f#g', 'https://b.c', 'file:///a/b', 'foo://b/c/d', 'mailto:x', 'foo:/a/b', 'nothing',
];
