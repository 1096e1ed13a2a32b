import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get, messageOf } from './api';

export interface Loaded<T> {
  data: T | null;
  error: string | null;
  loading: boolean;
  reload: () => void;
}

/** Fetches `path` anew whenever it changes; null: nothing. What is shown stays until the next answer is there. */
export function useFetch<T>(path: string | null): Loaded<T> {
  const [state, set] = useState<{ path: string | null; data: T | null; error: string | null; loading: boolean }>({
    path,
    data: null,
    error: null,
    loading: path !== null,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    set((x) => ({ path, data: x.path === path ? x.data : null, error: null, loading: true }));
    get<T>(path, stop.signal)
      .then((data) => {
        if (!stop.signal.aborted) set({ path, data, error: null, loading: false });
      })
      .catch((e) => {
        if (!stop.signal.aborted) set((x) => ({ ...x, error: messageOf(e), loading: false }));
      });
    return () => stop.abort();
  }, [path, turn]);
  const reload = useCallback(() => setTurn((x) => x + 1), []);
  return { data: state.data, error: state.error, loading: state.loading, reload };
}

/** The time, once every `seconds`, so that "3 min ago" stays true. */
export function useNow(seconds = 10): number {
  const [now, set] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return now;
}

export function useInterval(run: () => void, seconds: number | null): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (seconds === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
}

/** A stream that broke off comes again by itself; after so long without it there is no connection. */
const awayAfter = 5000;
/** Between two questions while there is no stream. */
const askEvery = 5000;

/**
 * Listens to the node's event stream at `path` while the page is in front. Where there is none it asks `otherwise` now and then,
 * and listens again as soon as there is an answer.
 */
export function useLive<T>(path: string | null, event: string, otherwise: string, take: (x: T) => void): 'live' | 'asking' | 'away' {
  const [how, setHow] = useState<'live' | 'asking' | 'away'>('away');
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    if (path === null) return;
    let stream: EventSource | null = null;
    let timer = 0;
    let fresh = true; // was the stream there since the last question, or never tried?
    let turn = 0;
    const after = (ms: number, run: () => void) => {
      clearTimeout(timer);
      timer = window.setTimeout(run, ms);
    };
    const ask = () => {
      const asked = turn;
      get<T>(otherwise)
        .then((x) => {
          if (asked !== turn) return;
          setHow('asking');
          latest.current(x);
          listen();
        })
        .catch(() => {
          if (asked !== turn) return;
          setHow('away');
          after(askEvery, ask);
        });
    };
    const alive = () => {
      clearTimeout(timer);
      timer = 0;
      fresh = true;
      setHow('live');
    };
    const listen = () => {
      stream = new EventSource(path);
      stream.onopen = alive;
      stream.addEventListener(event, (x: MessageEvent<string>) => {
        alive();
        latest.current(JSON.parse(x.data) as T);
      });
      stream.onerror = () => {
        if (stream?.readyState !== EventSource.CLOSED) {
          timer ||= window.setTimeout(() => setHow('away'), awayAfter);
          return;
        }
        if (!fresh) return after(askEvery, ask);
        fresh = false;
        ask();
      };
    };
    const stop = () => {
      turn += 1;
      stream?.close();
      clearTimeout(timer);
      stream = null;
      timer = 0;
      fresh = true;
    };
    const seen = () => {
      stop();
      if (!document.hidden) listen();
    };
    seen();
    document.addEventListener('visibilitychange', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      stop();
    };
  }, [path, event, otherwise]);
  return how;
}
