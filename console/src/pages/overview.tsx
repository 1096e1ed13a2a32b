import { useState } from 'preact/hooks';
import { count, bytes, duration } from '../format';
import { useFetch, useInterval, useLive, useNow } from '../hooks';
import { href } from '../route';
import { Badge, Bar, Card, Loading, Page, Pulse, Spark, When } from '../ui';

interface Snapshot {
  at: string;
  version: string;
  database: 'direct' | 'draining' | 'away';
  spool: { deliveries: number; bytes: number };
  groupsWaiting: number;
  intake: Record<string, Record<string, number>>;
  ackSecondsUpto: [number | null, number][];
  jobs: Record<string, number>;
  jobOldestDueSeconds: number;
  budgets: { budget: string; resource: string; limit: number; remaining: number }[];
}

interface Run {
  id: number;
  state: string;
  created_at: string;
}

/** So much of the past is held: two minutes of one snapshot a second. */
const held = 120;

const intakes: [string, string][] = [
  ['github', 'GitHub deliveries'],
  ['sites', 'Site syncs'],
  ['events', 'Events'],
  ['crawl', 'Crawl items'],
  ['stripe', 'Stripe events'],
];

const total = (x: Record<string, number> | undefined): number => Object.values(x ?? {}).reduce((sum, y) => sum + y, 0);

function rates(past: Snapshot[], name: string): number[] {
  const out: number[] = [];
  for (let i = 1; i < past.length; i += 1) {
    const before = past[i - 1]!;
    const now = past[i]!;
    const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1000;
    out.push(seconds > 0 ? Math.max(0, (total(now.intake[name]) - total(before.intake[name])) / seconds) : 0);
  }
  return out;
}

/** The bound below which a share of the acknowledgements between two snapshots lie; null: there were none. */
function quantile(past: Snapshot[], share: number): number | null {
  const first = past[0];
  const last = past[past.length - 1];
  if (!first || !last || first === last) return null;
  const counts = last.ackSecondsUpto.map(([bound, n], i) => [bound, n - (first.ackSecondsUpto[i]?.[1] ?? 0)] as const);
  const all = counts[counts.length - 1]?.[1] ?? 0;
  if (all <= 0) return null;
  return counts.find(([, n]) => n >= all * share)?.[0] ?? Infinity;
}

const rate = (x: number): string => (x >= 100 ? count(Math.round(x)) : x >= 10 ? x.toFixed(0) : x.toFixed(1));

function Tile({ title, value, unit, tone, children }: { title: string; value: preact.ComponentChildren; unit?: string; tone?: string; children?: preact.ComponentChildren }) {
  return (
    <div class={`tile ${tone ?? ''}`}>
      <p class="tile-title">{title}</p>
      <p class="tile-value">
        {value} {unit && <span class="unit">{unit}</span>}
      </p>
      {children}
    </div>
  );
}

function LastRun() {
  const { data, error, reload } = useFetch<Record<string, unknown>>('/api/v1/admin/nightly-runs?limit=1');
  useInterval(reload, 15);
  const runs = (data?.runs ?? data?.nightly_runs ?? []) as Run[];
  const run = runs[0];
  return (
    <Tile title="Last nightly run" value={run ? <Badge text={run.state} /> : <span class="faint">{error ? 'unknown' : data ? 'none yet' : '…'}</span>}>
      <p class="faint">{run ? <a href={href(['nightly', run.id])}>Run {run.id}</a> : <a href={href(['nightly'])}>Nightly runs</a>} {run && <When at={run.created_at} />}</p>
    </Tile>
  );
}

export function Overview() {
  const [past, setPast] = useState<Snapshot[]>([]);
  const how = useLive<Snapshot>('/api/v1/admin/overview/events', 'overview', '/api/v1/admin/overview', (x) =>
    setPast((before) => (before[before.length - 1]?.at === x.at ? before : [...before, x].slice(-held))),
  );
  useNow(5);
  const now = past[past.length - 1];
  return (
    <Page title="Overview" lead={now ? `Ingot ${now.version}` : undefined} aside={<Pulse how={how} />}>
      {!now ? (
        <Loading />
      ) : (
        <>
          <div class="tiles">
            <Tile title="Database" tone={now.database === 'direct' ? '' : 'alarm'} value={<Badge text={now.database} />}>
              <p class="faint">{now.database === 'direct' ? 'takes commits' : now.database === 'draining' ? 'is back; the spool goes first' : 'the spool takes over'}</p>
            </Tile>
            <Tile title="Spool" tone={now.spool.deliveries > 0 ? 'alarm' : ''} value={count(now.spool.deliveries)} unit="waiting">
              <p class="faint">
                {bytes(now.spool.bytes)}
                {now.groupsWaiting > 0 && `, ${count(now.groupsWaiting)} groups on their way`}
              </p>
            </Tile>
            <Tile title="Median acknowledgement" value={((x) => (x === null ? '–' : x === Infinity ? '> 10 s' : `≤ ${duration(x)}`))(quantile(past, 0.5))}>
              <p class="faint">95%: {((x) => (x === null ? 'none of late' : x === Infinity ? '> 10 s' : `≤ ${duration(x)}`))(quantile(past, 0.95))}</p>
            </Tile>
            <Tile title="Jobs waiting" value={count(now.jobs.pending ?? 0)} unit={`${count(now.jobs.running ?? 0)} running`}>
              <p class="faint">{now.jobOldestDueSeconds > 0 ? `oldest due for ${duration(now.jobOldestDueSeconds)}` : 'none is late'}</p>
            </Tile>
            <Tile title="Dead letters" tone={(now.jobs.dead ?? 0) + (now.jobs.failed ?? 0) > 0 ? 'alarm' : ''} value={count(now.jobs.dead ?? 0)} unit={`${count(now.jobs.failed ?? 0)} failed`}>
              <p class="faint">
                <a href={href(['jobs'], { state: 'dead' })}>See them</a>
              </p>
            </Tile>
            <LastRun />
          </div>
          <div class="columns">
            <Card title="Intake">
              <ul class="rates">
                {intakes.map(([name, title]) => {
                  const values = rates(past, name);
                  const newest = values.slice(-5);
                  const mean = newest.length ? newest.reduce((a, b) => a + b, 0) / newest.length : 0;
                  const of = now.intake[name] ?? {};
                  return (
                    <li key={name}>
                      <div>
                        <p class="rate-title">{title}</p>
                        <p class="faint small">
                          {total(of) === 0
                            ? 'nothing since the start'
                            : Object.entries(of)
                                .map(([outcome, n]) => `${count(n)} ${outcome}`)
                                .join(' · ')}
                        </p>
                      </div>
                      <Spark values={values} label={`${title} a second, the last two minutes`} />
                      <p class="rate">
                        {rate(mean)}
                        <span class="unit">/s</span>
                      </p>
                    </li>
                  );
                })}
              </ul>
            </Card>
            <Card title="GitHub budgets">
              {now.budgets.length === 0 ? (
                <p class="faint">No requests to GitHub of late.</p>
              ) : (
                <ul class="budgets">
                  {now.budgets.map((x) => (
                    <li key={`${x.budget} ${x.resource}`}>
                      <p>
                        <span class="clip" title={x.budget}>{x.budget}</span> <span class="faint">{x.resource}</span>
                        <span class="right">
                          {count(x.remaining)} <span class="faint">of {count(x.limit)} left</span>
                        </span>
                      </p>
                      <Bar part={x.remaining} of={x.limit} label={`${x.remaining} of ${x.limit} requests left`} />
                    </li>
                  ))}
                </ul>
              )}
            </Card>
          </div>
        </>
      )}
    </Page>
  );
}
