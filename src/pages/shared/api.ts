// Requests of the pages. The token is kept in the storage of this tab and sent as a header: another site can neither read it nor have it sent.

const TOKEN_KEY = 'nexus-token';
/** Pages are at `<base>/ui/<name>`. */
const ROOT = new URL('../', location.href.replace(/[?#].*$/, ''));

/** What the server said in place of what was asked for. */
export class RequestRefusal extends Error {
  readonly status: number;
  /** A code of the server or of the runtime; `'UNREACHABLE'` if there was no answer. */
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export function keptToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keepToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
  } catch {
    throw new RequestRefusal(
      0,
      'NO_STORAGE',
      'The browser keeps nothing for this page: allow it storage for this site.',
    );
  }
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly blob?: Blob;
  /** Parameters of the query; undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

/**
 * Asks the server.
 *
 * @param path from the root of the server, without a slash at its begin: `'runs'`
 * @throws RequestRefusal
 */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', body, blob, query = {}, signal, accept = 'application/json' } = options;
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  const token = keptToken();
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        accept,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(blob !== undefined && { body: blob }),
      ...(signal !== undefined && { signal }),
      mode: 'same-origin',
      credentials: 'same-origin',
      redirect: 'error',
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestRefusal(0, 'UNREACHABLE', 'The server does not answer.');
  }
  if (response.ok) return response;
  throw await refusalOf(response);
}

/** {@link request}, of which the answer is JSON. */
export async function ask<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await (await request(path, options)).json()) as T;
}

async function refusalOf(response: Response): Promise<RequestRefusal> {
  const problem = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  const { code, detail, field } = problem;
  return new RequestRefusal(
    response.status,
    typeof code === 'string' ? code : 'UNKNOWN',
    typeof detail === 'string' ? detail : `The server answered ${response.status} ${response.statusText}.`,
    typeof field === 'string' ? field : undefined,
  );
}
