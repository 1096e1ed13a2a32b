import { query, send } from '../api';
import { bytes, count, duration, time } from '../format';
import { useFetch, useInterval } from '../hooks';
import { href, setQuery, type Place } from '../route';
import { Action, Badge, Card, Choice, Empty, Facts, Loading, Page, PagedTable, Problem, Table, When } from '../ui';

interface Repository {
  id: number;
  userId: string;
  provider: string;
  owner: string | null;
  name: string;
  url: string | null;
  branch: string | null;
  defaultBranch: string | null;
  isPrivate: boolean;
  archived: boolean;
  state: string;
  stateReason: string | null;
  lastSyncedAt: string | null;
  lastCommitSha: string | null;
  complete: boolean;
  files: number;
  bytes: number;
  nextRetryAt: string | null;
  lastError: string | null;
}

interface Sync {
  id: number;
  trigger: string;
  state: string;
  commitSha: string | null;
  plan: string;
  requests: number;
  notModified: number;
  points: number;
  bytes: number;
  added: number;
  modified: number;
  removed: number;
  error: string | null;
  startedAt: string;
  finishedAt: string | null;
}

const nameOf = (x: Repository) => (x.owner ? `${x.owner}/${x.name}` : x.url || x.name);

const lasted = (x: Sync) => (x.finishedAt ? duration((Date.parse(x.finishedAt) - Date.parse(x.startedAt)) / 1000) : 'running');

function Syncs({ id }: { id: number }) {
  const { data, error, reload } = useFetch<{ syncs: Sync[] }>(`/api/v1/admin/repositories/${id}/syncs?limit=25`);
  useInterval(reload, 3); // one that was asked for by hand shows up by itself
  if (error) return <Problem text={error} retry={reload} />;
  if (!data) return <Loading lines={3} />;
  if (data.syncs.length === 0) return <Empty title="Never synced" />;
  return (
    <Table<Sync>
      caption="Syncs, the newest first"
      rows={data.syncs}
      keyOf={(x) => x.id}
      columns={[
        { name: 'Began', kind: 'main', cell: (x) => <When at={x.startedAt} /> },
        { name: 'State', cell: (x) => <span title={x.error ?? undefined}><Badge text={x.state} /></span> },
        { name: 'Why', cell: (x) => x.trigger },
        { name: 'Changed', cell: (x) => `+${count(x.added)} ~${count(x.modified)} −${count(x.removed)}` },
        { name: 'Requests', kind: 'number', cell: (x) => <span title={`${x.notModified} not modified, ${x.points} points`}>{count(x.requests)}</span> },
        { name: 'Received', kind: 'number', cell: (x) => bytes(x.bytes) },
        { name: 'Lasted', kind: 'number', cell: lasted },
      ]}
    />
  );
}

function One({ id }: { id: string }) {
  // There is no way to ask for one of anybody's; the list begins behind any id.
  const { data, error, reload } = useFetch<{ repositories: Repository[] }>(`/api/v1/admin/repositories${query({ after: Number(id) - 1, limit: 1 })}`);
  const x = data?.repositories.find((y) => String(y.id) === id);
  return (
    <Page
      title={x ? nameOf(x) : `Repository ${id}`}
      lead={x?.url && x.owner ? x.url : undefined}
      aside={
        x && (
          <Action kind="main" run={() => send('POST', `/api/v1/admin/repositories/${id}/sync`)} done={reload}>
            Sync now
          </Action>
        )
      }
    >
      <p>
        <a href={href(['repositories'])}>← All repositories</a>
      </p>
      {error ? (
        <Problem text={error} retry={reload} />
      ) : !data ? (
        <Loading />
      ) : !x ? (
        <Empty title="There is no such repository" />
      ) : (
        <>
          <Card>
            <Facts
              of={[
                ['State', <Badge text={x.state} />],
                ['Why', x.stateReason],
                ['Followed by', x.userId || 'the node itself'],
                ['Provider', x.provider],
                ['Branch', x.branch ?? x.defaultBranch],
                ['Commit', x.lastCommitSha && <span class="mono break">{x.lastCommitSha}</span>],
                ['Last synced', x.lastSyncedAt && time(x.lastSyncedAt)],
                ['Files', `${count(x.files)}, ${bytes(x.bytes)}${x.complete ? '' : ' (not complete)'}`],
                ['Next try', x.nextRetryAt && <When at={x.nextRetryAt} />],
                ['Last error', x.lastError],
              ]}
            />
          </Card>
          <Card title="Syncs">
            <Syncs id={x.id} />
          </Card>
        </>
      )}
    </Page>
  );
}

export function Repositories({ place }: { place: Place }) {
  const id = place.parts[1];
  if (id) return <One key={id} id={id} />;
  const { state = '' } = place.query;
  return (
    <Page title="Repositories" lead="What is followed, by whomever.">
      <div class="filters">
        <Choice
          label="State"
          value={state}
          set={(x) => setQuery(place, { state: x })}
          options={[['', 'Any'], ['active', 'Active'], ['gone', 'Gone'], ['forbidden', 'Forbidden'], ['suspended', 'Suspended']]}
        />
      </div>
      <PagedTable<Repository>
        caption="Repositories"
        path={(after) => `/api/v1/admin/repositories${query({ state, limit: 50, after })}`}
        items={(x) => x.repositories as Repository[]}
        keyOf={(x) => x.id}
        empty={<Empty title={state ? 'No repository is in this state' : 'No repository is followed'}>{!state && 'POST /api/v1/repositories, or install the GitHub App.'}</Empty>}
        columns={[
          { name: 'Repository', kind: 'main', cell: (x) => <><a href={href(['repositories', x.id])}>{nameOf(x)}</a> {x.isPrivate && <Badge text="private" />} {x.archived && <Badge text="archived" />}</> },
          { name: 'State', cell: (x) => <span title={x.stateReason ?? undefined}><Badge text={x.state} /></span> },
          { name: 'User', cell: (x) => x.userId || <span class="faint">node</span> },
          { name: 'Files', kind: 'number', cell: (x) => count(x.files) },
          { name: 'Size', kind: 'number', cell: (x) => bytes(x.bytes) },
          { name: 'Last sync', cell: (x) => <When at={x.lastSyncedAt} /> },
          { name: 'Trouble', kind: 'wide', cell: (x) => (x.lastError ? <span class="two-lines" title={x.lastError}>{x.lastError}</span> : <span class="faint">–</span>) },
        ]}
      />
    </Page>
  );
}
