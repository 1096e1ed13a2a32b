import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { adopt, get, messageOf, Refused, send, signedOut, type Session } from './api';
import { href, usePlace, type Place } from './route';
import { Action, Loading, Page, Problem } from './ui';
import { Audit } from './pages/audit';
import { Deliveries } from './pages/deliveries';
import { Jobs } from './pages/jobs';
import { Nightly } from './pages/nightly';
import { Overview } from './pages/overview';
import { Repositories } from './pages/repositories';
import { Servers } from './pages/servers';
import { Sessions } from './pages/sessions';
import { Settings } from './pages/settings';
import { SignIn } from './pages/sign_in';
import { Sites } from './pages/sites';
import { Submissions } from './pages/submissions';

interface Entry {
  path: string;
  name: string;
  admin: boolean;
  page: (of: { place: Place; session: Session }) => ComponentChildren;
}

const entries: Entry[] = [
  { path: 'overview', name: 'Overview', admin: true, page: Overview },
  { path: 'deliveries', name: 'Deliveries', admin: true, page: Deliveries },
  { path: 'jobs', name: 'Jobs', admin: true, page: Jobs },
  { path: 'repositories', name: 'Repositories', admin: true, page: Repositories },
  { path: 'sites', name: 'Sites', admin: true, page: Sites },
  { path: 'servers', name: 'Servers', admin: false, page: Servers },
  { path: 'submissions', name: 'Submissions', admin: false, page: Submissions },
  { path: 'nightly', name: 'Nightly runs', admin: true, page: Nightly },
  { path: 'audit', name: 'Audit', admin: true, page: Audit },
  { path: 'settings', name: 'Settings', admin: true, page: Settings },
  { path: 'sessions', name: 'Sessions', admin: false, page: Sessions },
];

function Shell({ session, leave }: { session: Session; leave: () => Promise<unknown> }) {
  const place = usePlace();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const allowed = entries.filter((x) => session.role === 'admin' || !x.admin);
  const named = place.parts[0];
  const entry = named ? allowed.find((x) => x.path === named) : allowed[0];
  const moved = useRef(false);
  useEffect(() => {
    setOpen(false);
    // Whoever hears the page is told where it is now; at the start the browser does that.
    if (moved.current) main.current?.querySelector('h1')?.focus();
    moved.current = true;
    scrollTo(0, 0);
  }, [place.parts.join('/')]);
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(e) => (e.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <aside class={`side${open ? ' open' : ''}`}>
        <div class="brand">
          <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
            <path d="M9 9h14l5 14H4z" class="ingot-front" />
            <path d="M9 9h14l2 5H7z" class="ingot-top" />
          </svg>
          <span>Ingot</span>
          <button type="button" class="menu" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>
            {entry?.name ?? 'Menu'} <span aria-hidden="true">▾</span>
          </button>
        </div>
        <nav id="menu" aria-label="Pages">
          <ul>
            {allowed.map((x) => (
              <li key={x.path}>
                <a href={href([x.path])} aria-current={x === entry ? 'page' : undefined}>
                  {x.name}
                </a>
              </li>
            ))}
          </ul>
          <div class="who">
            <p>
              <strong>{session.name ?? 'Admin token'}</strong>
              <span class="faint">{session.role}</span>
            </p>
            <Action kind="text" run={leave}>
              Sign out
            </Action>
          </div>
        </nav>
      </aside>
      <main id="main" ref={main} tabIndex={-1}>
        {entry ? (
          <entry.page key={entry.path} place={place} session={session} />
        ) : (
          <Page title="Not found">
            <p>There is no such page here, or it is not for your role.</p>
          </Page>
        )}
      </main>
    </div>
  );
}

export function App() {
  const [session, set] = useState<Session | null | undefined>(undefined);
  const [ended, setEnded] = useState(false);
  const take = (x: Session | null) => {
    adopt(x);
    set(x);
  };
  const [problem, setProblem] = useState<string | null>(null);
  // Only who is told so is signed out: a node that cannot be asked, or cannot ask its database, does not say that.
  const isOver = (e: unknown) => e instanceof Refused && e.status === 401;
  const ask = () => {
    setProblem(null);
    get<Session>('/console/api/session')
      .then(take)
      .catch((e) => (isOver(e) ? take(null) : setProblem(messageOf(e))));
  };
  useEffect(() => {
    ask();
    const out = () => {
      setEnded(true);
      take(null);
    };
    signedOut.addEventListener('out', out);
    return () => signedOut.removeEventListener('out', out);
  }, []);
  if (session === undefined)
    return problem === null ? (
      <Loading />
    ) : (
      <main class="alone">
        <Problem text={problem} retry={ask} />
      </main>
    );
  if (session === null)
    return (
      <SignIn
        ended={ended}
        taken={(x) => {
          setEnded(false);
          take(x);
        }}
      />
    );
  const leave = () =>
    send('DELETE', '/console/api/session')
      .catch((e) => {
        if (!isOver(e)) throw e;
      })
      .then(() => take(null));
  return <Shell session={session} leave={leave} />;
}
