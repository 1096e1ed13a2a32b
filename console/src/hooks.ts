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
      .then((data) => set({ path, data, error: null, loading: false }))
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

/**
 * Listens to the node's event stream at `path` while the page is in front; where there is none, asks `otherwise` now and then.
 */
export function useLive<T>(path: string | null, event: string, otherwise: string | null, take: (x: T) => void): 'live' | 'asking' | 'away' {
  const [how, setHow] = useState<'live' | 'asking' | 'away'>('away');
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    if (path === null) return;
    let stream: EventSource | null = null;
    let timer = 0;
    let over = false;
    const ask = () => {
      if (over || otherwise === null || document.hidden) return;
      get<T>(otherwise)
        .then((x) => {
          if (over) return;
          setHow('asking');
          latest.current(x);
        })
        .catch(() => !over && setHow('away'));
    };
    const listen = () => {
      stream = new EventSource(path);
      const took = (x: MessageEvent<string>) => {
        setHow('live');
        latest.current(JSON.parse(x.data) as T);
      };
      stream.addEventListener(event, took);
      if (event !== 'message') stream.addEventListener('message', took);
      stream.onerror = () => {
        if (over) return;
        setHow('away');
        if (stream?.readyState === EventSource.CLOSED && !timer) {
          ask();
          timer = window.setInterval(ask, 5000);
        }
      };
    };
    const stop = () => {
      stream?.close();
      clearInterval(timer);
      stream = null;
      timer = 0;
    };
    const seen = () => {
      stop();
      if (!document.hidden) listen();
    };
    seen();
    document.addEventListener('visibilitychange', seen);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', seen);
      stop();
    };
  }, [path, event, otherwise]);
  return how;
}
