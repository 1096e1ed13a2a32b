import { useState } from 'preact/hooks';
import { query, segment, send } from '../api';
import { bytes, pretty, time } from '../format';
import { useFetch } from '../hooks';
import { href, setQuery, type Place } from '../route';
import { Action, Badge, Card, Choice, Code, Empty, Facts, Loading, Page, PagedTable, Problem, TextFilter, When } from '../ui';

interface Delivery {
  deliveryId: string;
  source: string;
  endpoint: string;
  event: string;
  action: string | null;
  outcome: string;
  error: string | null;
  repository: string | null;
  receivedAt: string;
  bytes: number;
  contentType?: string;
  payload?: string | null;
  payloadCut?: boolean;
  payloadProblem?: string;
}

function One({ id, source }: { id: string; source: string }) {
  const { data, error, reload } = useFetch<{ attempts: Delivery[] }>(`/api/v1/admin/deliveries/${segment(id)}${query({ source })}`);
  const [said, setSaid] = useState<string | null>(null);
  const newest = data?.attempts[0];
  return (
    <Page
      title="Delivery"
      lead={<span class="mono">{id}</span>}
      aside={
        newest?.source === 'github' && (
          <Action
            kind="main"
            run={async () => {
              const answer = await send<{ status?: string; outcome?: string }>('POST', `/api/v1/admin/deliveries/${segment(id)}/replay`);
              setSaid(answer.outcome ?? answer.status ?? 'done');
            }}
            done={reload}
          >
            Replay
          </Action>
        )
      }
    >
      <p>
        <a href={href(['deliveries'])}>← All deliveries</a>
      </p>
      {said && (
        <p class="note" role="status">
          Replayed: {said}.
        </p>
      )}
      {error ? (
        <Problem text={error} retry={reload} />
      ) : !data ? (
        <Loading />
      ) : (
        data.attempts.map((x, i) => (
          <Card key={i} title={data.attempts.length > 1 ? `Attempt of ${time(x.receivedAt)}` : undefined}>
            <Facts
              of={[
                ['Outcome', <Badge text={x.outcome} />],
                ['Why', x.error],
                ['Event', `${x.event}${x.action ? `.${x.action}` : ''}`],
                ['Repository', x.repository],
                ['Received', time(x.receivedAt)],
                ['From', `${x.source}, endpoint ${x.endpoint}`],
                ['Size', `${bytes(x.bytes)} of ${x.contentType}`],
              ]}
            />
            {x.payloadProblem && <Problem text={x.payloadProblem} />}
            {x.payload && <Code text={x.payloadCut ? x.payload : pretty(x.payload)} />}
            {x.payloadCut && <p class="faint">The rest is left out here: `ingot deliveries show {x.deliveryId} --body` prints all of it.</p>}
          </Card>
        ))
      )}
    </Page>
  );
}

export function Deliveries({ place }: { place: Place }) {
  const id = place.parts[1];
  if (id) return <One key={id} id={id} source={place.query.source ?? ''} />;
  const { event = '', repository = '', outcome = '', since = '' } = place.query;
  const restricted = event || repository || outcome || since;
  return (
    <Page title="Deliveries" lead="What was sent to this node and kept, the newest first.">
      <div class="filters">
        <Choice
          label="Outcome"
          value={outcome}
          set={(x) => setQuery(place, { outcome: x })}
          options={[['', 'Any'], ['stored', 'Stored'], ['ignored', 'Ignored'], ['failed', 'Failed']]}
        />
        <TextFilter label="Event" value={event} placeholder="pull_request" set={(x) => setQuery(place, { event: x })} />
        <TextFilter label="Repository" value={repository} placeholder="owner/name" set={(x) => setQuery(place, { repository: x })} />
        <label class="field">
          <span>Since (UTC)</span>
          <input type="datetime-local" value={since} onChange={(e) => setQuery(place, { since: e.currentTarget.value.slice(0, 16) })} />
        </label>
      </div>
      <PagedTable<Delivery>
        caption="Deliveries"
        path={(after) => `/api/v1/admin/deliveries${query({ event, repository, outcome, since: since && `${since}:00Z`, limit: 50, after })}`}
        items={(x) => x.deliveries as Delivery[]}
        keyOf={(x) => `${x.deliveryId} ${x.receivedAt}`}
        empty={<Empty title={restricted ? 'No delivery is like that' : 'Nothing was delivered yet'}>{!restricted && 'Point a webhook at /webhook, or try `ingot send --example`.'}</Empty>}
        columns={[
          {
            name: 'Event',
            kind: 'main',
            cell: (x) => (
              <a href={href(['deliveries', x.deliveryId], x.source === 'github' ? {} : { source: x.source })}>
                {x.event}
                {x.action && <span class="faint">.{x.action}</span>}
              </a>
            ),
          },
          { name: 'Outcome', cell: (x) => <span title={x.error ?? undefined}><Badge text={x.outcome} /></span> },
          { name: 'Repository', cell: (x) => x.repository ?? <span class="faint">–</span> },
          { name: 'Received', cell: (x) => <When at={x.receivedAt} /> },
          { name: 'Size', kind: 'number', cell: (x) => bytes(x.bytes) },
        ]}
      />
    </Page>
  );
}
