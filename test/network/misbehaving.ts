import { createServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/** More than any bound of these tests, packed into a few kilobytes. */
const ZEROS = Buffer.alloc(4 * 1024 * 1024);
export const MAX_RESPONSE_BYTES = 64 * 1024;
export const TIMEOUT_MS = 400;

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const ok = (...lines: string[]) => head('HTTP/1.1 200 OK', ...lines);
const packed = (encoding: string, body: Uint8Array) => (socket: Socket) => {
  socket.write(ok(`content-encoding: ${encoding}`, `content-length: ${body.length}`));
  socket.end(body);
};
const text = (response: string) => (socket: Socket) => socket.end(response);
/** Writes for ever, as fast as it is read. */
const endless = (first: string, again: string) => (socket: Socket) => {
  socket.write(first);
  const more = () => {
    if (!socket.destroyed) socket.write(again, more);
  };
  more();
};
/** Writes for ever, a little at a time. */
const dripping = (first: string, again: string) => (socket: Socket) => {
  socket.write(first);
  const timer = setInterval(() => socket.write(again), 20);
  socket.on('close', () => clearInterval(timer));
};

/** What a server does, and what becomes of a request to it: the code of the error, or the text of the response. */
export const MISBEHAVIOURS: Readonly<Record<string, readonly [act: (socket: Socket) => void, expected: string]>> = {
  'never answers': [() => {}, 'TIMEOUT'],
  'sends headers for ever, slowly': [dripping('HTTP/1.1 200 OK\r\n', 'x: y\r\n'), 'TIMEOUT'],
  'sends a body for ever, slowly': [dripping(ok('connection: close'), 'x'), 'TIMEOUT'],
  'sends chunks for ever, slowly': [dripping(ok('transfer-encoding: chunked'), '1\r\nx\r\n'), 'TIMEOUT'],
  'sends a body for ever': [endless(ok('connection: close'), 'x'.repeat(10_000)), 'RESPONSE_TOO_LARGE'],
  'sends chunks for ever': [
    endless(ok('transfer-encoding: chunked'), `400\r\n${'x'.repeat(1024)}\r\n`),
    'RESPONSE_TOO_LARGE',
  ],
  'sends trailers for ever': [
    endless(`${ok('transfer-encoding: chunked')}0\r\n`, `x: ${'y'.repeat(1000)}\r\n`),
    'INVALID_RESPONSE',
  ],
  'sends headers for ever': [endless('HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(1000)}\r\n`), 'INVALID_RESPONSE'],
  'sends one header without end': [endless('HTTP/1.1 200 OK\r\nx: ', 'y'.repeat(1000)), 'INVALID_RESPONSE'],
  'sends a status line without end': [endless('HTTP/1.1 200 ', 'y'.repeat(1000)), 'INVALID_RESPONSE'],
  'sends 600 headers': [
    text(ok(...Array.from({ length: 600 }, (_, i) => `x${i}: y`), 'content-length: 0')),
    'INVALID_RESPONSE',
  ],
  'is a bomb of gzip': [packed('gzip', gzipSync(ZEROS)), 'RESPONSE_TOO_LARGE'],
  'is a bomb of brotli': [packed('br', brotliCompressSync(ZEROS)), 'RESPONSE_TOO_LARGE'],
  'is a bomb of deflate': [packed('deflate', deflateSync(ZEROS)), 'RESPONSE_TOO_LARGE'],
  'is a bomb in a bomb': [packed('gzip, gzip', gzipSync(gzipSync(ZEROS))), 'RESPONSE_TOO_LARGE'],
  'packs three times': [packed('gzip, gzip, gzip', gzipSync(gzipSync(gzipSync('x')))), 'INVALID_RESPONSE'],
  'says gzip of what is not': [packed('gzip', Buffer.from('not packed')), 'INVALID_RESPONSE'],
  'says br of what is not': [packed('br', Buffer.from('not packed at all')), 'INVALID_RESPONSE'],
  'cuts what it packed': [packed('gzip', gzipSync('x'.repeat(1000)).subarray(0, 20)), 'INVALID_RESPONSE'],
  'packs in an unknown way': [packed('zip', Buffer.from('x')), 'INVALID_RESPONSE'],
  'packs nothing': [packed('gzip', Buffer.alloc(0)), '200 '],
  'packs well': [packed('gzip', gzipSync('fine')), '200 fine'],
  'sends less than it says': [text(`${ok('content-length: 100')}abc`), 'INVALID_RESPONSE'],
  'sends more than it says': [text(`${ok('content-length: 3')}abcdef`), '200 abc'],
  'says too large a length': [text(`${ok('content-length: 99999999999')}abc`), 'RESPONSE_TOO_LARGE'],
  'says a negative length': [text(`${ok('content-length: -1')}abc`), 'INVALID_RESPONSE'],
  'says two lengths': [text(`${ok('content-length: 3', 'content-length: 4')}abcd`), 'INVALID_RESPONSE'],
  'says a length and chunks': [
    text(`${ok('content-length: 3', 'transfer-encoding: chunked')}1\r\nx\r\n0\r\n\r\n`),
    'INVALID_RESPONSE',
  ],
  'sends a chunk of no size': [text(`${ok('transfer-encoding: chunked')}zz\r\nx\r\n0\r\n\r\n`), 'INVALID_RESPONSE'],
  'cuts a chunk': [text(`${ok('transfer-encoding: chunked')}64\r\nx`), 'INVALID_RESPONSE'],
  'never sends the last chunk': [text(`${ok('transfer-encoding: chunked')}1\r\nx\r\n`), 'INVALID_RESPONSE'],
  'sends a huge chunk size': [text(`${ok('transfer-encoding: chunked')}fffffffffffffffff\r\nx`), 'INVALID_RESPONSE'],
  'sends interim responses for ever, slowly': [dripping('', head('HTTP/1.1 102 Processing')), 'TIMEOUT'],
  'sends an interim response': [
    text(`${head('HTTP/1.1 103 Early Hints', 'link: </x>')}${ok('content-length: 1')}x`),
    '200 x',
  ],
  'switches protocols': [
    text(head('HTTP/1.1 101 Switching Protocols', 'upgrade: x', 'connection: upgrade')),
    'INVALID_RESPONSE',
  ],
  'has the status 999': [text(head('HTTP/1.1 999 Odd', 'content-length: 0')), 'INVALID_RESPONSE'],
  'has the status 000': [text(head('HTTP/1.1 000 Odd', 'content-length: 0')), 'INVALID_RESPONSE'],
  'has no status': [text(head('HTTP/1.1 OK', 'content-length: 0')), 'INVALID_RESPONSE'],
  'speaks another protocol': [text('SSH-2.0-OpenSSH_9.6\r\n'), 'INVALID_RESPONSE'],
  'has HTTP/0.9': [text('<html>'), 'INVALID_RESPONSE'],
  'has a NUL in a header': [text(`HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n`), 'INVALID_RESPONSE'],
  'has a line break in a header': [text(`HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n`), 'INVALID_RESPONSE'],
  'has a header without a name': [text(ok(': x', 'content-length: 0')), 'INVALID_RESPONSE'],
  'closes at once': [(socket) => socket.end(), 'CONNECTION_FAILED'],
  'resets before it answers': [(socket) => socket.resetAndDestroy(), 'CONNECTION_FAILED'],
  'resets in the head': [resetting('HTTP/1.1 200 OK\r\nx: y'), 'CONNECTION_FAILED'],
  'resets in the body': [resetting(`${ok('content-length: 100')}abc`), 'INVALID_RESPONSE'],
  'redirects in circles': [
    text(head('HTTP/1.1 302 Found', 'location: /redirects%20in%20circles', 'content-length: 0')),
    'REDIRECT_REFUSED',
  ],
  'redirects for ever': [
    (socket) =>
      socket.end(head('HTTP/1.1 307 T', `location: /redirects%20for%20ever?${Math.random()}`, 'content-length: 0')),
    'REDIRECT_REFUSED',
  ],
  'redirects with an endless body': [
    endless(head('HTTP/1.1 302 Found', 'location: /packs%20well'), 'x'.repeat(1000)),
    '200 fine',
  ],
  'redirects to a file': [
    text(head('HTTP/1.1 302 Found', 'location: file:///etc/passwd', 'content-length: 0')),
    'REDIRECT_REFUSED',
  ],
  'redirects to data': [
    text(head('HTTP/1.1 302 Found', 'location: data:text/plain,x', 'content-length: 0')),
    'REDIRECT_REFUSED',
  ],
  'redirects to no URL': [
    text(head('HTTP/1.1 302 Found', 'location: http://[x', 'content-length: 0')),
    'INVALID_RESPONSE',
  ],
  'redirects to a user name': [
    text(head('HTTP/1.1 302 Found', 'location: http://u:p@127.0.0.1/', 'content-length: 0')),
    'REDIRECT_REFUSED',
  ],
  'redirects to another host': [
    text(head('HTTP/1.1 302 Found', 'location: http://evil.test/', 'content-length: 0')),
    'PERMISSION_DENIED',
  ],
  'redirects to the metadata of a cloud': [
    text(head('HTTP/1.1 302 Found', 'location: http://169.254.169.254/latest/', 'content-length: 0')),
    'ADDRESS_NOT_ALLOWED',
  ],
  'redirects to a name with a private address': [
    text(head('HTTP/1.1 302 Found', 'location: http://meta.test/', 'content-length: 0')),
    'ADDRESS_NOT_ALLOWED',
  ],
  'redirects without a location': [text(`${head('HTTP/1.1 302 Found', 'content-length: 4')}here`), '302 here'],
};

function resetting(first: string): (socket: Socket) => void {
  return (socket) => socket.write(first, () => setImmediate(() => socket.resetAndDestroy()));
}

/** Serves each of them under its name as the path. */
export async function serveMisbehaviours(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    let seen = '';
    const listen = (chunk: Buffer) => {
      seen += chunk.toString('latin1');
      if (!seen.includes('\r\n\r\n')) return;
      socket.off('data', listen);
      // Whatever else comes is read and dropped.
      socket.resume();
      const path = decodeURIComponent((seen.split(' ')[1] ?? '').slice(1)).split('?')[0] ?? '';
      (MISBEHAVIOURS[path]?.[0] ?? ((other: Socket) => other.end(head('HTTP/1.1 404 Not Found', 'content-length: 0'))))(
        socket,
      );
    };
    socket.on('data', listen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}
