/** The node's HTTP interface, as the console uses it. */

export type Role = 'reviewer' | 'admin';

export interface Session {
  name: string | null;
  role: Role;
  csrf: string | null;
}

export interface Fault {
  code: string;
  message: string;
  details: { pointer: string; message: string }[];
  request_id?: string;
}

/** What the node refused, or that it could not be reached (status 0). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly fault: Fault,
    readonly retryAfter: number,
  ) {
    super(fault.message);
  }
}

/** Whoever asks is not signed in, or not any more. */
export const signedOut = new EventTarget();

let csrf: string | null = null;

export function adopt(session: Session | null): void {
  csrf = session?.csrf ?? null;
}

async function faultOf(answer: Response): Promise<Fault> {
  try {
    const body = (await answer.json()) as { error?: Fault };
    if (body.error?.message) return { ...body.error, details: body.error.details ?? [] };
  } catch {
    // Whatever stands between has answered.
  }
  return { code: String(answer.status), message: `the answer was ${answer.status}`, details: [] };
}

async function perform(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (method !== 'GET' && csrf) headers['x-csrf-token'] = csrf;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Refused(0, { code: 'unreachable', message: 'the node does not answer', details: [] }, 0);
  }
  if (answer.ok) return answer;
  const refused = new Refused(answer.status, await faultOf(answer), Number(answer.headers.get('retry-after') ?? 0));
  if (answer.status === 401 && !path.endsWith('/console/api/session')) signedOut.dispatchEvent(new Event('out'));
  throw refused;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await perform('GET', path, undefined, signal)).json()) as T;
}

export async function send<T = unknown>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const answer = await perform(method, path, body);
  const text = await answer.text();
  return (text ? JSON.parse(text) : {}) as T;
}

/** `{a: 1, b: ''}` → `?a=1` */
export function query(of: Record<string, string | number | null | undefined>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(of)) if (value !== '' && value !== null && value !== undefined) out.set(name, String(value));
  const text = out.toString();
  return text ? `?${text}` : '';
}

export const segment = (text: string): string => encodeURIComponent(text);

export function messageOf(e: unknown): string {
  if (e instanceof Refused) {
    const where = e.fault.details.map((x) => `${x.pointer}: ${x.message}`).join('; ');
    return where ? `${e.fault.message} (${where})` : e.fault.message;
  }
  return e instanceof Error ? e.message : String(e);
}
