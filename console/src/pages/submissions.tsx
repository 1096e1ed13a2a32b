import { useEffect, useState } from 'preact/hooks';
import { get, query, segment, send, type Session } from '../api';
import { pretty, time } from '../format';
import { useFetch } from '../hooks';
import { href, setQuery, type Place } from '../route';
import { Action, Badge, Button, Card, Choice, Code, Dialog, Empty, Facts, Loading, Page, PagedTable, Problem, When } from '../ui';
import { diff } from '../diff';
import { Readme } from '../readme_view';

interface ManifestError {
  source: string;
  pointer: string;
  message: string;
  hint?: string;
  line: number;
  column: number;
}

interface Report {
  valid: boolean;
  schema: string;
  errors: ManifestError[];
}

interface Submission {
  id: number;
  version: number;
  state: string;
  server: string | null;
  repository: string | null;
  valid: boolean;
  manifest_origin: string;
  reason: string | null;
  created_at: string;
  updated_at: string;
  submitter: string;
  submitter_kind: string;
  email: string | null;
  claimed_by: string | null;
  // Of single answers only:
  note?: string;
  manifest?: string | null;
  report?: Report | null;
  readme_html?: string | null;
  history?: { at: string; by: string; action: string; from: string | null; to: string; reason: string | null }[];
}

/** Who vouches for the manifest. */
const origins: Record<string, string> = {
  repository: 'the repository’s own',
  typed: 'typed by its submitter, not compared with a repository',
  differs: 'typed by its submitter; the repository’s own says something else',
  absent: 'typed by its submitter; the repository has none of that name',
};

const by = (x: Submission) => (x.submitter_kind === 'email' ? x.submitter : `user ${x.submitter}`);

/** The problems of each line, as they stand under it. */
function byLine(errors: ManifestError[]): Map<number, string[]> {
  const out = new Map<number, string[]>();
  for (const x of errors) out.set(x.line, [...(out.get(x.line) ?? []), `${x.pointer || 'the document'}, column ${x.column} (${x.source}): ${x.message}${x.hint ? ` — ${x.hint}` : ''}`]);
  return out;
}

interface Listed {
  server: object;
  _meta: { 'ingot/listing'?: { readme: { html: string } | null } };
}

/** What is listed now under the same name. */
function useListed(name: string | null, turn: number): Listed | null {
  const [listed, set] = useState<Listed | null>(null);
  useEffect(() => {
    set(null);
    if (!name) return;
    const stop = new AbortController();
    get<Listed>(`/api/v1/servers/${segment(name)}`, stop.signal)
      .then(set)
      .catch(() => {}); // most are not listed yet
    return () => stop.abort();
  }, [name, turn]);
  return listed;
}

function Diff({ before, after }: { before: string; after: string }) {
  return (
    <ol class="code diff" role="group" aria-label="Difference to the listed version">
      {diff(before, after).map((x, i) => (
        <li key={i} class={x.kind}>
          <code>
            <span aria-hidden="true">{x.kind === 'gone' ? '−' : x.kind === 'new' ? '+' : ' '}</span> {x.text || ' '}
          </code>
        </li>
      ))}
    </ol>
  );
}

/** A verdict that needs a reason. */
function WithReason({ name, kind, run, done }: { name: string; kind: 'plain' | 'danger'; run: (reason: string) => Promise<unknown>; done: () => void }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  return (
    <>
      <Button kind={kind} onClick={() => setOpen(true)}>
        {name}
      </Button>
      {open && (
        <Dialog title={name} close={() => setOpen(false)}>
          <label class="field">
            <span>Reason, for the submitter</span>
            <textarea rows={5} value={reason} autoFocus onInput={(e) => setReason(e.currentTarget.value)} />
          </label>
          <div class="buttons">
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Action
              kind={kind === 'danger' ? 'danger' : 'main'}
              disabled={reason.trim() === ''}
              run={() => run(reason.trim())}
              done={() => {
                setOpen(false);
                done();
              }}
            >
              {name}
            </Action>
          </div>
        </Dialog>
      )}
    </>
  );
}

function One({ id, session }: { id: string; session: Session }) {
  const { data: x, error, reload } = useFetch<Submission>(`/api/v1/admin/submissions/${id}`);
  const listed = useListed(x?.server ?? null, x?.version ?? 0);
  const [view, setView] = useState<'manifest' | 'difference'>('manifest');
  const me = session.name ? `${session.role} ${session.name}` : 'admin';
  const mine = x && (x.claimed_by === me || session.role === 'admin');
  const move = (verb: string, body: object = {}) => send('POST', `/api/v1/admin/submissions/${id}/${verb}`, { version: x?.version, ...body });
  const manifest = x?.manifest ?? '';
  const readme = x?.readme_html ?? listed?._meta['ingot/listing']?.readme?.html;
  const before = listed ? JSON.stringify(listed.server, null, 2) : '';
  return (
    <Page
      title={x?.server ?? `Submission ${id}`}
      lead={x && `Submission ${id} by ${by(x)}`}
      aside={
        x && (
          <>
            {x.state === 'submitted' && (
              <Action kind="main" run={() => move('claim')} done={reload}>
                Review it
              </Action>
            )}
            {x.state === 'under_review' && mine && (
              <>
                <Action run={() => move('release')} done={reload}>
                  Give back
                </Action>
                <WithReason name="Request changes" kind="plain" run={(reason) => move('request-changes', { reason })} done={reload} />
                <WithReason name="Reject" kind="danger" run={(reason) => move('reject', { reason })} done={reload} />
                <Action kind="main" confirm="The server is listed, and its repository is followed from now on." run={() => move('approve')} done={reload}>
                  Approve
                </Action>
              </>
            )}
          </>
        )
      }
    >
      <p>
        <a href={href(['submissions'])}>← All submissions</a>
      </p>
      {error ? (
        <Problem text={error} retry={reload} />
      ) : !x ? (
        <Loading />
      ) : (
        <>
          <Card>
            <Facts
              of={[
                ['State', <Badge text={x.state} />],
                ['Reason', x.reason],
                ['Reviewed by', x.claimed_by],
                ['Repository', x.repository],
                ['Manifest', origins[x.manifest_origin]],
                ['Told by mail', x.email],
                ['Note', x.note],
                ['Submitted', time(x.created_at)],
                ['Listed', listed ? <a href={href(['servers', x.server!])}>yes</a> : 'not yet'],
                ['Validation', x.report ? <Badge text={x.report.valid ? 'valid' : `${x.report.errors.length} problems`} tone={x.report.valid ? 'good' : 'bad'} /> : 'not yet'],
              ]}
            />
          </Card>
          <Card
            title="Manifest"
            aside={
              listed && (
                <Choice
                  label="Show"
                  value={view}
                  set={(y) => setView(y as 'manifest' | 'difference')}
                  options={[
                    ['manifest', 'As submitted'],
                    ['difference', 'Difference to the listed one'],
                  ]}
                />
              )
            }
          >
            {!manifest ? (
              <Empty title="No manifest yet">It is fetched from the repository.</Empty>
            ) : view === 'difference' && listed ? (
              <Diff before={before} after={pretty(manifest)} />
            ) : (
              <Code text={manifest} lines={byLine(x.report?.errors ?? [])} />
            )}
          </Card>
          {readme && (
            <Card title={x.readme_html ? 'README' : 'README of the listed version'}>
              <Readme html={readme} />
            </Card>
          )}
          {x.history && x.history.length > 0 && (
            <Card title="History">
              <ol class="timeline">
                {x.history.map((y, i) => (
                  <li key={i}>
                    <p>
                      {y.by} <strong>{y.action.replaceAll('_', ' ')}</strong> <Badge text={y.to} />
                    </p>
                    {y.reason && <p class="break">{y.reason}</p>}
                    <p class="faint small">{time(y.at)}</p>
                  </li>
                ))}
              </ol>
            </Card>
          )}
        </>
      )}
    </Page>
  );
}

export function Submissions({ place, session }: { place: Place; session: Session }) {
  const id = place.parts[1];
  if (id) return <One key={id} id={id} session={session} />;
  const { state = '' } = place.query;
  return (
    <Page title="Submissions" lead="MCP servers that people want listed.">
      <div class="filters">
        <Choice
          label="State"
          value={state}
          set={(x) => setQuery(place, { state: x })}
          options={[
            ['', 'Any'],
            ['submitted', 'Waiting for a reviewer'],
            ['under_review', 'Under review'],
            ['changes_requested', 'Changes requested'],
            ['approved', 'Approved'],
            ['rejected', 'Rejected'],
            ['withdrawn', 'Withdrawn'],
            ['unconfirmed', 'Unconfirmed'],
          ]}
        />
      </div>
      <PagedTable<Submission>
        caption="Submissions, the newest first"
        path={(after) => `/api/v1/admin/submissions${query({ state, limit: 50, after })}`}
        items={(x) => x.submissions as Submission[]}
        keyOf={(x) => x.id}
        empty={<Empty title={state ? 'No submission is in this state' : 'Nobody has submitted a server yet'} />}
        columns={[
          { name: 'Server', kind: 'main', cell: (x) => <a href={href(['submissions', x.id])}>{x.server ?? x.repository ?? `Submission ${x.id}`}</a> },
          { name: 'State', cell: (x) => <Badge text={x.state} /> },
          { name: 'Submitter', cell: by },
          { name: 'Reviewer', cell: (x) => x.claimed_by ?? <span class="faint">–</span> },
          { name: 'Manifest', cell: (x) => (x.server ? <Badge text={x.valid ? 'valid' : 'invalid'} /> : <span class="faint">not yet</span>) },
          { name: 'Changed', cell: (x) => <When at={x.updated_at} /> },
        ]}
      />
    </Page>
  );
}
