import { useState } from 'preact/hooks';
import { query, send } from '../api';
import { count, duration, time } from '../format';
import { useFetch, useLive } from '../hooks';
import { href, type Place } from '../route';
import { Action, Badge, Bar, Card, Empty, Facts, Loading, Page, PagedTable, Problem, Pulse, When } from '../ui';

interface Run {
  id: number;
  state: string;
  depth: string;
  parts: string;
  scheduled_for: string | null;
  cancel_requested: boolean;
  repositories: number;
  checked: number;
  unchanged: number;
  changed: number;
  failed: number;
  requests: number;
  not_modified: number;
  points: number;
  drift: Record<string, number>;
  alerts: string[];
  error: string | null;
  created_at: string;
  finished_at: string | null;
}

/** A repository that a run changed, or failed at. */
interface Item {
  repository_id: number;
  repository: string;
  state: string;
  drift: string[];
  reason: string | null;
}

const over = (x: Run) => x.state !== 'running';
const lasted = (x: Run) => (over(x) ? duration((Date.parse(x.finished_at!) - Date.parse(x.created_at)) / 1000) : 'running');
const listOf = (x: Record<string, unknown>) => (x.runs ?? x.nightly_runs ?? []) as Run[];

/** How the last runs went: a bar each, the oldest at the left. */
function History({ runs }: { runs: Run[] }) {
  const ordered = [...runs].reverse();
  const most = Math.max(...ordered.map((x) => x.checked), 1);
  const step = 100 / Math.max(ordered.length, 1);
  return (
    <figure class="chart">
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={`Repositories checked, changed and failed in the last ${ordered.length} runs`}>
        {ordered.map((x, i) => {
          const high = (n: number) => (n / most) * 38;
          const left = i * step + step * 0.15;
          const width = Math.min(step * 0.7, 6);
          const unchanged = high(x.unchanged);
          const changed = high(x.changed);
          const failed = high(x.failed);
          return (
            <g key={x.id}>
              <title>{`Run ${x.id}: ${x.checked} checked, ${x.changed} changed, ${x.failed} failed, ${lasted(x)}`}</title>
              <rect class="chart-unchanged" x={left} y={40 - unchanged} width={width} height={unchanged} />
              <rect class="chart-changed" x={left} y={40 - unchanged - changed} width={width} height={changed} />
              <rect class="chart-failed" x={left} y={40 - unchanged - changed - failed} width={width} height={failed} />
            </g>
          );
        })}
      </svg>
      <figcaption class="legend">
        <span class="chart-unchanged">unchanged</span> <span class="chart-changed">changed</span> <span class="chart-failed">failed</span>
      </figcaption>
    </figure>
  );
}

function One({ id }: { id: string }) {
  const { data, error, reload } = useFetch<Run>(`/api/v1/admin/nightly-runs/${id}`);
  const [live, setLive] = useState<Run | null>(null);
  const x = live ?? data;
  const running = data !== null && x !== null && !over(x);
  const how = useLive<Run>(running ? `/api/v1/admin/nightly-runs/${id}/events` : null, 'run', `/api/v1/admin/nightly-runs/${id}`, (y) => {
    setLive({ ...(x as Run), ...y });
    if (over({ ...(x as Run), ...y })) reload();
  });
  return (
    <Page
      title={`Nightly run ${id}`}
      lead={x && <>began <When at={x.created_at} /></>}
      aside={
        running && (
          <>
            <Pulse how={how} />
            {!x.cancel_requested && (
              <Action kind="danger" confirm="What was checked stays as it is; the rest waits for the next run." run={() => send('POST', `/api/v1/admin/nightly-runs/${id}/cancel`)} done={reload}>
                Cancel the run
              </Action>
            )}
          </>
        )
      }
    >
      <p>
        <a href={href(['nightly'])}>← All runs</a>
      </p>
      {error ? (
        <Problem text={error} retry={reload} />
      ) : !x ? (
        <Loading />
      ) : (
        <>
          <Card>
            {running && (
              <div class="progress" role="status">
                <p>
                  {count(x.checked)} of {count(x.repositories)} repositories
                </p>
                <Bar part={x.checked} of={x.repositories} label={`${x.checked} of ${x.repositories}`} />
              </div>
            )}
            <Facts
              of={[
                ['State', <Badge text={x.state} />],
                ['Why', x.error],
                ['Began', time(x.created_at)],
                ['Lasted', lasted(x)],
                ['Checked', count(x.checked)],
                ['Unchanged', count(x.unchanged)],
                ['Changed', count(x.changed)],
                ['Failed', count(x.failed)],
                ['Depth', `${x.depth}: ${x.parts}`],
                ['Scheduled for', x.scheduled_for ? time(x.scheduled_for) : 'by hand'],
                ['Rows mended', Object.entries(x.drift).map(([kind, n]) => `${count(n)} ${kind.replaceAll('_', ' ')}`).join(', ') || 'none'],
                ['Requests', `${count(x.requests)}, ${count(x.not_modified)} of them free, ${count(x.points)} points`],
                ['Alerts', x.alerts.length > 0 && x.alerts.map((y) => <Badge key={y} text={y} tone="bad" />)],
              ]}
            />
          </Card>
          <Card title="Changed and failed">
            <PagedTable<Item>
              caption="Repositories that it changed, or failed at"
              path={(after) => `/api/v1/admin/nightly-runs/${id}/items${query({ limit: 50, after })}`}
              items={(y) => y.items as Item[]}
              keyOf={(y) => y.repository_id}
              refreshed={`${x.changed} ${x.failed} ${x.state}`}
              empty={<Empty title="None" />}
              columns={[
                { name: 'Repository', kind: 'main', cell: (y) => <a href={href(['repositories', y.repository_id])}>{y.repository}</a> },
                { name: 'State', cell: (y) => <Badge text={y.state} /> },
                { name: 'Mended', cell: (y) => y.drift.map((z) => z.replaceAll('_', ' ')).join(', ') || <span class="faint">–</span> },
                { name: 'Reason', kind: 'wide', cell: (y) => (y.reason ? <span class="break">{y.reason}</span> : <span class="faint">–</span>) },
              ]}
            />
          </Card>
        </>
      )}
    </Page>
  );
}

export function Nightly({ place }: { place: Place }) {
  const id = place.parts[1];
  const { data, reload } = useFetch<Record<string, unknown>>(id ? null : '/api/v1/admin/nightly-runs?limit=60');
  const [turn, setTurn] = useState(0);
  if (id) return <One key={id} id={id} />;
  const runs = data ? listOf(data) : [];
  return (
    <Page
      title="Nightly runs"
      lead="Every tracked repository is looked after, and rows that disagree with GitHub are mended."
      aside={
        <Action
          kind="main"
          run={() => send('POST', '/api/v1/admin/nightly-runs', {})}
          done={() => {
            setTurn(turn + 1);
            reload();
          }}
        >
          Run now
        </Action>
      }
    >
      {runs.length > 1 && (
        <Card title="The last runs">
          <History runs={runs} />
        </Card>
      )}
      <PagedTable<Run>
        caption="Runs, the newest first"
        path={(after) => `/api/v1/admin/nightly-runs${query({ limit: 25, after })}`}
        items={listOf}
        keyOf={(x) => x.id}
        refreshed={turn}
        empty={<Empty title="No run yet">It comes by the schedule, or by `ingot sync all`.</Empty>}
        columns={[
          { name: 'Run', kind: 'main', cell: (x) => <a href={href(['nightly', x.id])}>Run {x.id}</a> },
          { name: 'State', cell: (x) => <Badge text={x.state} /> },
          { name: 'Began', cell: (x) => <When at={x.created_at} /> },
          { name: 'Lasted', kind: 'number', cell: lasted },
          { name: 'Checked', kind: 'number', cell: (x) => count(x.checked) },
          { name: 'Changed', kind: 'number', cell: (x) => count(x.changed) },
          { name: 'Failed', kind: 'number', cell: (x) => (x.failed > 0 ? <Badge tone="bad" text={count(x.failed)} /> : '0') },
          { name: 'Requests', kind: 'number', cell: (x) => count(x.requests) },
        ]}
      />
    </Page>
  );
}
