import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { messageOf } from './api';
import { ago, time } from './format';
import { useFetch, useNow } from './hooks';

/** How something stands, as a colour and a word. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet';

const tones: Record<string, Tone> = {
  stored: 'good', succeeded: 'good', active: 'good', applied: 'good', approved: 'good', direct: 'good', done: 'good', completed: 'good', valid: 'good',
  failed: 'bad', dead: 'bad', gone: 'bad', forbidden: 'bad', rejected: 'bad', away: 'bad', refused: 'bad', deleted: 'bad', invalid: 'bad',
  pending: 'warn', suspended: 'warn', draining: 'warn', changes_requested: 'warn', deprecated: 'warn', submitted: 'warn', cancelled: 'warn', unchecked: 'warn',
  running: 'busy', under_review: 'busy',
};

export function Badge({ text, tone }: { text: string; tone?: Tone }) {
  return <span class={`badge ${tone ?? tones[text] ?? 'quiet'}`}>{text.replaceAll('_', ' ')}</span>;
}

export function When({ at }: { at: string | null | undefined }) {
  const now = useNow();
  return at ? (
    <time dateTime={at} title={time(at)}>
      {ago(at, now)}
    </time>
  ) : (
    <span class="faint">never</span>
  );
}

/** Whether what is shown is what is. */
export function Pulse({ how }: { how: 'live' | 'asking' | 'away' }) {
  const words = { live: 'Live', asking: 'Every 5 s', away: 'No connection' };
  return (
    <span class={`pulse ${how}`} role="status">
      {words[how]}
    </span>
  );
}

export function Loading({ lines = 5 }: { lines?: number }) {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} class="bone" />
      ))}
    </div>
  );
}

export function Problem({ text, retry }: { text: string; retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>That did not work.</strong> {text}
      </p>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p class="faint">{children}</p>}
    </div>
  );
}

export function Button(props: {
  children: ComponentChildren;
  onClick?: () => void;
  kind?: 'plain' | 'main' | 'danger' | 'text';
  disabled?: boolean;
  type?: 'button' | 'submit';
  label?: string;
}) {
  return (
    <button type={props.type ?? 'button'} class={`button ${props.kind ?? 'plain'}`} disabled={props.disabled} onClick={props.onClick} aria-label={props.label}>
      {props.children}
    </button>
  );
}

/** A button whose work may fail; it says so beside itself. */
export function Action(props: { children: ComponentChildren; run: () => Promise<unknown>; done?: () => void; kind?: 'plain' | 'main' | 'danger' | 'text'; confirm?: string; disabled?: boolean }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const perform = () => {
    setAsking(false);
    setBusy(true);
    setError(null);
    props
      .run()
      .then(() => props.done?.())
      .catch((e) => setError(messageOf(e)))
      .finally(() => setBusy(false));
  };
  return (
    <span class="action">
      <Button kind={props.kind} disabled={busy || props.disabled} onClick={props.confirm ? () => setAsking(true) : perform}>
        {busy ? 'Working…' : props.children}
      </Button>
      {error && (
        <span class="inline-problem" role="alert">
          {error}
        </span>
      )}
      {asking && (
        <Dialog title={String(props.children)} close={() => setAsking(false)}>
          <p>{props.confirm}</p>
          <div class="buttons">
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button kind={props.kind === 'danger' ? 'danger' : 'main'} onClick={perform}>
              {props.children}
            </Button>
          </div>
        </Dialog>
      )}
    </span>
  );
}

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const at = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    at.current?.showModal();
    // A dialog that is taken away gives the focus back to nobody.
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog ref={at} class="dialog" aria-labelledby={id} onClose={close} onCancel={close}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

export function Page({ title, aside, children, lead }: { title: string; lead?: ComponentChildren; aside?: ComponentChildren; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Ingot`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {lead && <p class="faint lead">{lead}</p>}
        </div>
        {aside && <div class="page-aside">{aside}</div>}
      </header>
      {children}
    </>
  );
}

export function Card({ title, aside, children, wide }: { title?: string; aside?: ComponentChildren; children: ComponentChildren; wide?: boolean }) {
  return (
    <section class={`card${wide ? ' wide' : ''}`}>
      {(title || aside) && (
        <header class="card-head">
          {title && <h2>{title}</h2>}
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

/** Names and values. */
export function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value === null || value === undefined || value === '' ? <span class="faint">–</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}

export interface Column<T> {
  name: string;
  cell: (x: T) => ComponentChildren;
  kind?: 'number' | 'main' | 'wide';
}

export function Table<T>(props: { caption: string; columns: Column<T>[]; rows: T[]; keyOf: (x: T) => string | number; selected?: Set<string | number>; onSelect?: (keys: Set<string | number>) => void }) {
  const { rows, keyOf, selected, onSelect } = props;
  const toggle = (key: string | number) => {
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    onSelect?.(next);
  };
  const all = rows.length > 0 && rows.every((x) => selected?.has(keyOf(x)));
  return (
    <div class="table-frame">
      <table class="list">
        <caption class="unseen">{props.caption}</caption>
        <thead>
          <tr>
            {selected && (
              <th class="tick">
                <input type="checkbox" aria-label="Select all on this page" checked={all} onChange={() => onSelect?.(all ? new Set() : new Set(rows.map(keyOf)))} />
              </th>
            )}
            {props.columns.map((x) => (
              <th key={x.name} scope="col" class={x.kind}>
                {x.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((x) => (
            <tr key={keyOf(x)} class={selected?.has(keyOf(x)) ? 'chosen' : undefined}>
              {selected && (
                <td class="tick">
                  <input type="checkbox" aria-label={`Select ${keyOf(x)}`} checked={selected.has(keyOf(x))} onChange={() => toggle(keyOf(x))} />
                </td>
              )}
              {props.columns.map((c) => (
                <td key={c.name} class={c.kind} data-name={c.name}>
                  {c.cell(x)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type Cursor = string | number | null;

/** A list that the server pages by key: one page at a time is held, and the way back. */
export function PagedTable<T>(props: {
  caption: string;
  path: (after: Cursor) => string;
  items: (body: Record<string, unknown>) => T[];
  next?: (body: Record<string, unknown>) => Cursor;
  columns: Column<T>[];
  keyOf: (x: T) => string | number;
  empty: ComponentChildren;
  selectable?: (chosen: T[], reload: () => void) => ComponentChildren;
  onSelect?: () => void;
  refreshed?: number | string; ///< another one: fetched anew
}) {
  const first = props.path(null);
  const [at, setAt] = useState<{ first: string; cursors: Cursor[] }>({ first, cursors: [null] });
  const cursors = at.first === first ? at.cursors : [null];
  const here = cursors[cursors.length - 1] ?? null;
  const { data, error, loading, reload } = useFetch<Record<string, unknown>>(props.path(here));
  const [chosen, setChosen] = useState<Set<string | number>>(new Set());
  useEffect(() => setChosen(new Set()), [first, here]);
  const shown = useRef(props.refreshed);
  useEffect(() => {
    if (shown.current !== props.refreshed) reload();
    shown.current = props.refreshed;
  }, [props.refreshed]);
  if (error) return <Problem text={error} retry={reload} />;
  if (!data) return <Loading />;
  const rows = props.items(data) ?? [];
  const next = props.next ? props.next(data) : ((data.next as Cursor) ?? null);
  if (rows.length === 0 && cursors.length === 1) return <>{props.empty}</>;
  const again = () => {
    setChosen(new Set());
    reload();
  };
  const choose = (keys: Set<string | number>) => {
    setChosen(keys);
    props.onSelect?.();
  };
  return (
    <div class={loading ? 'dimmed' : undefined} aria-busy={loading}>
      {props.selectable && (
        <div class="toolbar">
          {props.selectable(rows.filter((x) => chosen.has(props.keyOf(x))), again)}
          <span class="narrow">
            <Button onClick={() => choose(chosen.size < rows.length ? new Set(rows.map(props.keyOf)) : new Set())}>{chosen.size < rows.length ? 'Select all' : 'Select none'}</Button>
          </span>
        </div>
      )}
      <Table caption={props.caption} columns={props.columns} rows={rows} keyOf={props.keyOf} selected={props.selectable ? chosen : undefined} onSelect={choose} />
      <nav class="pager" aria-label="Pages">
        <Button disabled={cursors.length === 1} onClick={() => setAt({ first, cursors: cursors.slice(0, -1) })}>
          ← Back
        </Button>
        <span class="faint">Page {cursors.length}</span>
        <Button disabled={next === null} onClick={() => setAt({ first, cursors: [...cursors, next] })}>
          Next →
        </Button>
      </nav>
    </div>
  );
}

export function Choice(props: { label: string; value: string; options: [string, string][]; set: (x: string) => void }) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <select value={props.value} onChange={(e) => props.set(e.currentTarget.value)}>
        {props.options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A text filter: it counts when Enter is pressed or the field is left. */
export function TextFilter(props: { label: string; value: string; placeholder?: string; set: (x: string) => void }) {
  const [text, setText] = useState(props.value);
  useEffect(() => setText(props.value), [props.value]);
  const take = () => text !== props.value && props.set(text.trim());
  return (
    <label class="field">
      <span>{props.label}</span>
      <input type="search" value={text} placeholder={props.placeholder} onInput={(e) => setText(e.currentTarget.value)} onBlur={take} onKeyDown={(e) => e.key === 'Enter' && take()} />
    </label>
  );
}

/** A line of the last values; the newest is at the right. */
export function Spark({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(...values, 1e-9);
  const points = values.map((x, i) => `${(i * 120) / Math.max(values.length - 1, 1)},${30 - (x / most) * 28}`).join(' ');
  return (
    <svg class="spark" viewBox="0 0 120 32" preserveAspectRatio="none" role="img" aria-label={label}>
      {values.length > 1 && <polygon class="spark-fill" points={`0,32 ${points} 120,32`} />}
      {values.length > 1 && <polyline class="spark-line" points={points} />}
    </svg>
  );
}

export function Bar({ part, of, label }: { part: number; of: number; label: string }) {
  const share = of > 0 ? Math.max(0, Math.min(1, part / of)) : 0;
  return (
    <svg class={`bar ${share < 0.1 ? 'low' : share < 0.3 ? 'medium' : ''}`} viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="bar-back" width="100" height="6" rx="3" />
      <rect class="bar-front" width={share * 100} height="6" rx="3" />
    </svg>
  );
}

export function Code({ text, lines }: { text: string; lines?: Map<number, string[]> }) {
  return (
    <ol class="code" role="group" aria-label="Text with its lines numbered">
      {text.split('\n').map((x, i) => {
        const wrong = lines?.get(i + 1);
        return (
          <li key={i} class={wrong ? 'wrong' : undefined}>
            <code>{x || ' '}</code>
            {wrong?.map((y, j) => (
              <p key={j} class="line-problem">
                {y}
              </p>
            ))}
          </li>
        );
      })}
    </ol>
  );
}
