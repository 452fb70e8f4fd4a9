// The application: it serves the page, opens panels, and has their tools called by the server of the package. Browsers send inputs and
// never code, state or capabilities: those are the application's.
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { Readable } from 'node:stream';
import { createServer } from 'nexus-runtime/server';
import { InputError, Panels } from './panels.mjs';
import * as services from './services.mjs';

const MAX_BODY_BYTES = 64 * 1024;
const PAGE = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
};
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export async function createApplication(runtime, folder = new URL('panels/', import.meta.url)) {
  const panels = new Panels(runtime, folder);
  // It trusts this application, which decides what is run.
  const nexus = createServer({ runtime, extensions: services, trustCaller: true, pages: false });
  const server = createHttpServer(async (request, response) => {
    try {
      await answer(request, response);
    } catch (error) {
      const isCaller = error instanceof InputError || error.name === 'NxmlError' || error.code === 'COMPILATION_ERROR';
      if (!isCaller) console.error(error);
      const body = isCaller
        ? { message: error.message, field: error.field }
        : { message: 'The server failed; its log says why.' };
      if (response.headersSent) response.end();
      else send(response, isCaller ? 422 : 500, body);
    }
  });

  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    const page = PAGE[pathname];
    if (request.method === 'GET' && page !== undefined) {
      const [file, type] = page;
      response.writeHead(200, { ...HEADERS, 'content-type': type });
      return response.end(await readFile(new URL(`page/${file}`, import.meta.url)));
    }
    const names = await panels.names();
    if (pathname === '/healthz') return send(response, 200, { ok: true });
    if (request.method === 'GET' && pathname === '/panels') return send(response, 200, names);
    // Another site cannot send JSON without asking, and is not answered.
    const isOwn = request.headers['content-type'] === 'application/json';
    const [, opened] = /^\/panels\/([\w-]+)$/.exec(pathname) ?? [];
    if (request.method === 'POST' && isOwn && names.includes(opened))
      return send(response, 200, await panels.open(opened));
    const [, id, tool] = /^\/open\/([\w-]+)\/([\w-]+)$/.exec(pathname) ?? [];
    if (request.method === 'POST' && isOwn && tool !== undefined) return callTool(request, response, id, tool);
    return send(response, 404, { message: 'There is nothing here.' });
  }

  /** Passes on the events of the server, and keeps what the handler changes. */
  async function callTool(request, response, id, tool) {
    const body = panels.call(id, tool, JSON.parse(await read(request)));
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const run = await nexus.fetch(
      new Request('http://localhost/run', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify(body),
        signal: gone.signal,
      }),
    );
    if (!run.ok) return send(response, run.status, { message: (await run.json()).detail });
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    let rest = '';
    for await (const text of Readable.fromWeb(run.body.pipeThrough(new TextDecoderStream()))) {
      response.write(text);
      rest += text;
      const blocks = rest.split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const data = /^event: effects\ndata: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) panels.apply(id, JSON.parse(data).stateMutations);
      }
    }
    response.end();
  }

  return {
    panels,
    /** @returns the address */
    listen: ({ port, host = '127.0.0.1' }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => resolve(`http://${host}:${server.address().port}`));
      }),
    async close() {
      server.close();
      await nexus.close();
      server.closeAllConnections();
    },
  };
}

function send(response, status, body) {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function read(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > MAX_BODY_BYTES) throw new InputError(undefined, 'That is too much.');
  }
  return body;
}
