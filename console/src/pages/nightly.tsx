import { useState } from 'preact/hooks';
import { query, send } from '../api';
import { count, duration, time } from '../format';
import { useFetch, useLive } from '../hooks';
import { href, type Place } from '../route';
import { Action, Badge, Bar, Card, Empty, Facts, Loading, Page, PagedTable, Problem, Table, When } from '../ui';

interface Run {
  id: number;
  state: string;
  trigger?: string;
  repositories?: number;
  checked: number;
  unchanged: number;
  changed: number;
  failed: number;
  requests: number;
  points: number;
  mended?: number;
  error?: string | null;
  started_at: string;
  finished_at: string | null;
  failures?: { repository: string | number; reason: string }[];
}

const over = (x: Run) => x.finished_at !== null && x.finished_at !== undefined;
const lasted = (x: Run) => (over(x) ? duration((Date.parse(x.finished_at!) - Date.parse(x.started_at)) / 1000) : 'running');
const listOf = (x: Record<string, unknown>) => (x.nightly_runs ?? x.runs ?? []) as Run[];

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
  useLive<Run>(running ? `/api/v1/admin/nightly-runs/${id}/events` : null, 'progress', `/api/v1/admin/nightly-runs/${id}`, (y) => {
    setLive({ ...(x as Run), ...y });
    if (over({ ...(x as Run), ...y })) reload();
  });
  return (
    <Page
      title={`Nightly run ${id}`}
      lead={x && <>began <When at={x.started_at} /></>}
      aside={
        running && (
          <Action kind="danger" confirm="What was checked stays as it is; the rest waits for the next run." run={() => send('POST', `/api/v1/admin/nightly-runs/${id}/cancel`)} done={reload}>
            Cancel the run
          </Action>
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
            {running && x.repositories !== undefined && (
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
                ['Began', time(x.started_at)],
                ['Lasted', lasted(x)],
                ['Checked', count(x.checked)],
                ['Unchanged', count(x.unchanged)],
                ['Changed', count(x.changed)],
                ['Failed', count(x.failed)],
                ['Rows mended', count(x.mended)],
                ['Requests', `${count(x.requests)}, ${count(x.points)} points`],
              ]}
            />
          </Card>
          {x.failures && x.failures.length > 0 && (
            <Card title="Failures">
              <Table
                caption="Failures"
                rows={x.failures}
                keyOf={(y) => String(y.repository)}
                columns={[
                  { name: 'Repository', kind: 'main', cell: (y) => String(y.repository) },
                  { name: 'Reason', kind: 'wide', cell: (y) => <span class="break">{y.reason}</span> },
                ]}
              />
            </Card>
          )}
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
          { name: 'Began', cell: (x) => <When at={x.started_at} /> },
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
