import { useEffect, useState } from 'preact/hooks';
import { messageOf, Refused, send, type Session } from '../api';
import { Button } from '../ui';

export function SignIn({ taken, ended }: { taken: (x: Session) => void; ended: boolean }) {
  const [way, setWay] = useState<'name' | 'token'>('name');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    document.title = 'Sign in · Ingot';
  }, []);
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? '');
    setBusy(true);
    setError(null);
    send<Session>('POST', '/console/api/session', way === 'token' ? { token: text('token') } : { name: text('name'), password: text('password') })
      .then(taken)
      .catch((x) => {
        const later = x instanceof Refused && x.retryAfter > 0 ? ` Try again in ${x.retryAfter} s.` : '';
        setError(x instanceof Refused && x.status === 401 ? 'That is not right. Look at it once more.' : messageOf(x) + later);
      })
      .finally(() => setBusy(false));
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit} class="card">
        <div class="brand">
          <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
            <path d="M9 9h14l5 14H4z" class="ingot-front" />
            <path d="M9 9h14l2 5H7z" class="ingot-top" />
          </svg>
          <h1>Ingot</h1>
        </div>
        {ended && !error && <p class="note">You are signed out: the session is over.</p>}
        <div class="tabs" role="radiogroup" aria-label="Sign in with">
          {(['name', 'token'] as const).map((x) => (
            <label key={x} class={way === x ? 'on' : undefined}>
              <input type="radio" name="way" value={x} checked={way === x} onChange={() => setWay(x)} />
              {x === 'name' ? 'Account' : 'Admin token'}
            </label>
          ))}
        </div>
        {way === 'name' ? (
          <>
            <label class="field" key="name">
              <span>Name</span>
              <input name="name" autocomplete="username" required autoFocus autocapitalize="none" spellcheck={false} />
            </label>
            <label class="field" key="password">
              <span>Password</span>
              <input name="password" type="password" autocomplete="current-password" required />
            </label>
          </>
        ) : (
          <label class="field" key="token">
            <span>Admin token</span>
            <input name="token" type="password" autocomplete="off" required autoFocus />
          </label>
        )}
        {error && (
          <p class="inline-problem" role="alert">
            {error}
          </p>
        )}
        <Button type="submit" kind="main" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </main>
  );
}
