import type { Route, RouteCall } from '../http/pipeline.js';
import { Problem } from '../problem.js';
import { visibleTenant } from '../requests.js';
import type { Session } from './contract.js';
import type { PageFile, PageFiles } from './page-files.js';
import type { StatusFeed } from './status-feed.js';

/**
 * What a page may do: load its own scripts and styles, and ask its own server. No text becomes a script, wherever it comes from; no other page
 * shows it in a frame; no form is sent anywhere.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** `GET /`, `GET /ui`: to the first page. */
export function firstPageRoute(basePath: string): Route {
  return () => new Response(null, { status: 302, headers: { location: `${basePath}/ui/status` } });
}

/** `GET /ui/:page`. Nothing of it is secret: what a page shows it asks for with a token. */
export function pageRoute(files: PageFiles): Route {
  return async (call) => {
    const name = call.exchange.param('page') ?? '';
    const file = await files.get(`${name}.html`);
    if (file === undefined) {
      const pages = (await files.pages()).map((page) => `/ui/${page}`).join(', ');
      throw new Problem(
        404,
        'NOT_FOUND',
        `There is no page ${JSON.stringify(name.slice(0, 100))}; there are ${pages}.`,
      );
    }
    return respond(call, file, 'no-cache');
  };
}

/** `GET /ui/assets/:name`. Names have a hash of the content, so that they may be kept for good. */
export function assetRoute(files: PageFiles): Route {
  return async (call) => {
    const file = await files.get(`assets/${call.exchange.param('name') ?? ''}`);
    if (file === undefined) throw new Problem(404, 'NOT_FOUND', 'There is no such file. Load the page again.');
    return respond(call, file, 'public, max-age=31536000, immutable');
  };
}

/** `GET /ui/session`: who asks. */
export function sessionRoute(files: PageFiles): Route {
  return async (call) => {
    const { identity } = call;
    const tenant = visibleTenant(identity);
    const session: Session = {
      ...(identity.name !== undefined && { name: identity.name }),
      ...(tenant !== undefined && { tenant }),
      scopes: [...identity.scopes],
      pages: await files.pages(),
    };
    return call.respond(session);
  };
}

/** `GET /ui/status/events`: how the server is, each second, as server-sent events. */
export function statusEventsRoute(feed: StatusFeed): Route {
  return () =>
    new Response(feed.read(), {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-accel-buffering': 'no',
      },
    });
}

function respond({ exchange }: RouteCall, { type, bytes, compressed }: PageFile, caching: string): Response {
  const isCompressed = /\bgzip\b/.test(exchange.header('accept-encoding') ?? '');
  return new Response(isCompressed ? compressed : bytes, {
    headers: {
      ...PAGE_HEADERS,
      'content-type': type,
      'cache-control': caching,
      vary: 'accept-encoding',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
    },
  });
}
