import { query } from '../api';
import { count, pretty, time } from '../format';
import { setQuery, type Place } from '../route';
import { Card, Code, Empty, Page, PagedTable, TextFilter } from '../ui';

interface Line {
  id: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
  reason?: string;
  count?: number;
  before?: unknown;
  after?: unknown;
  request_id?: string | null;
  seq: number | null;
}

export function Audit({ place }: { place: Place }) {
  const { actor = '', action = '', subject = '' } = place.query;
  const filter = { actor, action, subject };
  const download = (format: string) => `/api/v1/admin/audit/export${query({ ...filter, format })}`;
  return (
    <Page
      title="Audit"
      lead="Who did what. Lines are chained by hashes: `ingot audit verify` finds a gap or an edit."
      aside={
        <>
          <a class="button plain" href={download('csv')} download>
            CSV
          </a>
          <a class="button plain" href={download('ndjson')} download>
            NDJSON
          </a>
        </>
      }
    >
      <div class="filters">
        <TextFilter label="Who" value={actor} placeholder="admin" set={(x) => setQuery(place, { actor: x })} />
        <TextFilter label="Did" value={action} placeholder="signed in" set={(x) => setQuery(place, { action: x })} />
        <TextFilter label="To" value={subject} placeholder="job 12" set={(x) => setQuery(place, { subject: x })} />
      </div>
      <Card>
        <PagedTable<Line>
          caption="Audit lines, the newest first"
          path={(after) => `/api/v1/admin/audit${query({ ...filter, limit: 50, after })}`}
          items={(x) => x.lines as Line[]}
          keyOf={(x) => x.id}
          empty={<Empty title={actor || action || subject ? 'No line is like that' : 'Nothing has happened yet'} />}
          columns={[
            { name: 'When', kind: 'main', cell: (x) => <time dateTime={x.at}>{time(x.at)}</time> },
            { name: 'Who', cell: (x) => x.actor },
            { name: 'Did', cell: (x) => <>{x.action} {(x.count ?? 1) > 1 && <span class="faint">× {count(x.count)}</span>}</> },
            { name: 'To', cell: (x) => <span class="break">{x.subject}</span> },
            {
              name: 'More',
              kind: 'wide',
              cell: (x) =>
                x.before || x.after ? (
                  <details>
                    <summary>{x.reason || 'Before and after'}</summary>
                    {x.before !== undefined && x.before !== null && <Code text={pretty(JSON.stringify(x.before))} />}
                    {x.after !== undefined && x.after !== null && <Code text={pretty(JSON.stringify(x.after))} />}
                  </details>
                ) : (
                  x.reason || <span class="faint">–</span>
                ),
            },
            { name: 'Chain', kind: 'number', cell: (x) => x.seq ?? <span class="faint">not yet</span> },
          ]}
        />
      </Card>
    </Page>
  );
}
