import { useState } from 'preact/hooks';
import { messageOf, query, send } from '../api';
import { pretty, time } from '../format';
import { useFetch, useInterval } from '../hooks';
import { href, setQuery, type Place } from '../route';
import { Action, Badge, Card, Choice, Code, Empty, Facts, Loading, Page, PagedTable, Problem, TextFilter, When } from '../ui';

interface Job {
  id: number;
  kind: string;
  key: string;
  state: string;
  priority: number;
  attempts: number;
  created_at: string;
  updated_at: string;
  run_at: string;
  lease_until: string | null;
  finished_at: string | null;
  last_error: string | null;
  history: { attempt?: number; at?: string; error?: string }[];
  payload: unknown;
  body_bytes: number;
  result: unknown;
}

const finished = (x: Job) => x.state === 'dead' || x.state === 'failed';

function One({ id }: { id: string }) {
  const { data: x, error, reload } = useFetch<Job>(`/api/v1/admin/jobs/${id}`);
  useInterval(reload, x && (x.state === 'pending' || x.state === 'running') ? 2 : null);
  return (
    <Page
      title={`Job ${id}`}
      lead={x && `${x.kind} of ${x.key}`}
      aside={
        x && (
          <>
            {finished(x) && (
              <Action kind="main" run={() => send('POST', `/api/v1/admin/jobs/${id}/retry`)} done={reload}>
                Retry
              </Action>
            )}
            {x.state === 'pending' && (
              <Action kind="danger" confirm="It becomes a dead letter; it can be tried again from there." run={() => send('POST', `/api/v1/admin/jobs/${id}/bury`)} done={reload}>
                Bury
              </Action>
            )}
          </>
        )
      }
    >
      <p>
        <a href={href(['jobs'])}>← All jobs</a>
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
                ['Why', x.last_error],
                ['Attempts', x.attempts],
                ['Created', time(x.created_at)],
                [x.state === 'pending' ? 'Next attempt' : 'Was due', <When at={x.run_at} />],
                ['Leased until', x.lease_until && time(x.lease_until)],
                ['Finished', x.finished_at && time(x.finished_at)],
                ['Priority', x.priority],
              ]}
            />
          </Card>
          {Array.isArray(x.history) && x.history.length > 0 && (
            <Card title="Failed attempts">
              <ol class="timeline">
                {x.history.map((y, i) => (
                  <li key={i}>
                    <p class="faint small">
                      {y.attempt !== undefined && `Attempt ${y.attempt}`} {y.at && time(y.at)}
                    </p>
                    <p class="break">{y.error ?? JSON.stringify(y)}</p>
                  </li>
                ))}
              </ol>
            </Card>
          )}
          <Card title="Payload">
            <Code text={pretty(JSON.stringify(x.payload))} />
          </Card>
          {x.result !== null && (
            <Card title="Result">
              <Code text={pretty(JSON.stringify(x.result))} />
            </Card>
          )}
        </>
      )}
    </Page>
  );
}

/** One after the other, so that a refusal of one stops none of the others. */
async function forEach(jobs: Job[], verb: 'retry' | 'bury', tell: (x: string) => void): Promise<void> {
  const wrong: string[] = [];
  let fine = 0;
  for (const x of jobs) {
    try {
      await send('POST', `/api/v1/admin/jobs/${x.id}/${verb}`);
      fine += 1;
    } catch (e) {
      wrong.push(`${x.id}: ${messageOf(e)}`);
    }
    tell(`${fine + wrong.length} of ${jobs.length}…`);
  }
  tell(`${fine} ${verb === 'retry' ? 'tried again' : 'buried'}${wrong.length ? `, ${wrong.length} not: ${wrong.slice(0, 3).join('; ')}` : ''}.`);
}

export function Jobs({ place }: { place: Place }) {
  const id = place.parts[1];
  const [said, setSaid] = useState('');
  if (id) return <One key={id} id={id} />;
  const { state = '', kind = '', key = '' } = place.query;
  return (
    <Page title="Jobs" lead="Follow-up work. What failed for good is kept here, with its reason.">
      <div class="filters">
        <Choice
          label="State"
          value={state}
          set={(x) => setQuery(place, { state: x })}
          options={[['', 'Any'], ['pending', 'Pending'], ['running', 'Running'], ['dead', 'Dead letters'], ['failed', 'Failed'], ['succeeded', 'Succeeded']]}
        />
        <TextFilter label="Kind" value={kind} placeholder="content_sync" set={(x) => setQuery(place, { kind: x })} />
        <TextFilter label="Key" value={key} placeholder="site/7" set={(x) => setQuery(place, { key: x })} />
      </div>
      <PagedTable<Job>
        caption="Jobs"
        path={(after) => `/api/v1/admin/jobs${query({ state, kind, key, limit: 50, after })}`}
        items={(x) => x.jobs as Job[]}
        keyOf={(x) => x.id}
        empty={<Empty title={state === 'dead' ? 'No dead letters' : state || kind || key ? 'No job is like that' : 'No jobs yet'} />}
        onSelect={() => setSaid('')}
        selectable={(chosen, reload) => {
          const dead = chosen.filter(finished);
          const pending = chosen.filter((x) => x.state === 'pending');
          return (
            <>
              <span class="faint" role="status">
                {said || (chosen.length ? `${chosen.length} selected` : 'Select jobs to retry or bury them')}
              </span>
              <Action disabled={dead.length === 0} run={() => forEach(dead, 'retry', setSaid)} done={reload}>
                {`Retry${dead.length ? ` ${dead.length}` : ''}`}
              </Action>
              <Action kind="danger" disabled={pending.length === 0} confirm={`${pending.length} pending jobs become dead letters; they can be tried again from there.`} run={() => forEach(pending, 'bury', setSaid)} done={reload}>
                {`Bury${pending.length ? ` ${pending.length}` : ''}`}
              </Action>
            </>
          );
        }}
        columns={[
          { name: 'Job', kind: 'main', cell: (x) => <a href={href(['jobs', x.id])}>{x.kind}</a> },
          { name: 'State', cell: (x) => <Badge text={x.state} /> },
          { name: 'Key', cell: (x) => <span class="mono clip" title={x.key}>{x.key}</span> },
          { name: 'Attempts', kind: 'number', cell: (x) => x.attempts },
          { name: 'Reason', kind: 'wide', cell: (x) => (x.last_error ? <span class="two-lines" title={x.last_error}>{x.last_error}</span> : <span class="faint">–</span>) },
          { name: 'Changed', cell: (x) => <When at={x.updated_at} /> },
        ]}
      />
    </Page>
  );
}
