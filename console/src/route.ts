import { useEffect, useState } from 'preact/hooks';

/** Where the page is: `#/deliveries/abc?outcome=failed`. */
export interface Place {
  parts: string[];
  query: Record<string, string>;
}

function here(): Place {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const decoded = (x: string): string => {
    try {
      return decodeURIComponent(x);
    } catch {
      return x;
    }
  };
  return { parts: path.split('/').filter(Boolean).map(decoded), query: Object.fromEntries(new URLSearchParams(search)) };
}

export function usePlace(): Place {
  const [place, set] = useState(here);
  useEffect(() => {
    const moved = () => set(here());
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

export function href(parts: (string | number)[], query: Record<string, string> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${parts.map((x) => encodeURIComponent(String(x))).join('/')}${search ? `?${search}` : ''}`;
}

/** A filter is part of the address, so that it survives a reload and can be sent to somebody. */
export function setQuery(place: Place, change: Record<string, string>): void {
  location.hash = href(place.parts, { ...place.query, ...change });
}
