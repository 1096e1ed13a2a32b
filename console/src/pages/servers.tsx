import { query, segment } from '../api';
import { pretty, time } from '../format';
import { useFetch } from '../hooks';
import { href, setQuery, type Place } from '../route';
import { Badge, Card, Choice, Code, Empty, Facts, Loading, Page, PagedTable, Problem, TextFilter, When } from '../ui';
import { Readme } from '../readme_view';

interface Official {
  status: string;
  publishedAt: string;
  updatedAt: string;
  isLatest: boolean;
}

interface Listing {
  repositoryUrl: string | null;
  manifestPath: string | null;
  manifestSha: string;
  statusReason: string | null;
  readme: { path: string; sha: string; html: string } | null;
}

interface Server {
  server: { name: string; version: string; description?: string; title?: string; packages?: unknown[]; remotes?: unknown[] };
  _meta: { 'io.modelcontextprotocol.registry/official': Official; 'ingot/listing'?: Listing };
}

const official = (x: Server) => x._meta['io.modelcontextprotocol.registry/official'];
const nextOf = (x: Record<string, unknown>) => (x.metadata as { nextCursor?: string } | undefined)?.nextCursor ?? null;
const https = (x: string | null | undefined) => (x && x.startsWith('https://') ? <a href={x} rel="noopener noreferrer" target="_blank">{x}</a> : x);

function One({ name }: { name: string }) {
  const { data: x, error, reload } = useFetch<Server>(`/api/v1/servers/${segment(name)}`);
  const listing = x?._meta['ingot/listing'];
  return (
    <Page title={x?.server.title || name} lead={<span class="mono">{name}</span>}>
      <p>
        <a href={href(['servers'])}>← All servers</a>
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
                ['Status', <Badge text={official(x).status} />],
                ['Why', listing?.statusReason],
                ['Version', x.server.version],
                ['About', x.server.description],
                ['Repository', https(listing?.repositoryUrl)],
                ['Manifest', listing && <span class="mono break">{listing.manifestPath ?? 'submitted inline'} {listing.manifestSha}</span>],
                ['Published', time(official(x).publishedAt)],
                ['Updated', time(official(x).updatedAt)],
              ]}
            />
          </Card>
          {listing?.readme && (
            <Card title="README">
              <Readme html={listing.readme.html} />
            </Card>
          )}
          <Card title="Versions">
            <PagedTable<Server>
              caption="Versions, the newest first"
              path={(cursor) => `/api/v1/servers/${segment(name)}/versions${query({ limit: 20, cursor })}`}
              items={(y) => y.servers as Server[]}
              next={nextOf}
              keyOf={(y) => y.server.version}
              empty={<Empty title="No versions" />}
              columns={[
                { name: 'Version', kind: 'main', cell: (y) => <>{y.server.version} {official(y).isLatest && <Badge text="latest" tone="good" />}</> },
                { name: 'Status', cell: (y) => <Badge text={official(y).status} /> },
                { name: 'Published', cell: (y) => <When at={official(y).publishedAt} /> },
              ]}
            />
          </Card>
          <Card title="Manifest">
            <Code text={pretty(JSON.stringify(x.server))} />
          </Card>
        </>
      )}
    </Page>
  );
}

export function Servers({ place }: { place: Place }) {
  const name = place.parts[1];
  if (name) return <One key={name} name={name} />;
  const { search = '', version = 'latest' } = place.query;
  return (
    <Page title="Servers" lead="MCP servers that this node lists.">
      <div class="filters">
        <TextFilter label="Search" value={search} placeholder="weather" set={(x) => setQuery(place, { search: x })} />
        <Choice label="Versions" value={version} set={(x) => setQuery(place, { version: x })} options={[['latest', 'The current ones'], ['all', 'All']]} />
      </div>
      <PagedTable<Server>
        caption="Servers"
        path={(cursor) => `/api/v1/servers${query({ search, version: version === 'latest' ? 'latest' : '', limit: 50, cursor })}`}
        items={(x) => x.servers as Server[]}
        next={nextOf}
        keyOf={(x) => `${x.server.name}:${x.server.version}`}
        empty={<Empty title={search ? 'No server is like that' : 'No servers are listed yet'}>{!search && 'They come from tracked repositories, and from approved submissions.'}</Empty>}
        columns={[
          { name: 'Server', kind: 'main', cell: (x) => <a href={href(['servers', x.server.name])}>{x.server.name}</a> },
          { name: 'Version', cell: (x) => x.server.version },
          { name: 'Status', cell: (x) => <Badge text={official(x).status} /> },
          { name: 'About', kind: 'wide', cell: (x) => <span class="two-lines">{x.server.description}</span> },
          { name: 'Updated', cell: (x) => <When at={official(x).updatedAt} /> },
        ]}
      />
    </Page>
  );
}
