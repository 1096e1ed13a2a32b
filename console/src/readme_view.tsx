import { useEffect, useRef } from 'preact/hooks';
import { put } from './readme';

export function Readme({ html }: { html: string }) {
  const at = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (at.current) put(html, at.current);
  }, [html]);
  return <div class="readme" ref={at} />;
}
