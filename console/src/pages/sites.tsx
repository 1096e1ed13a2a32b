import { query } from '../api';
import { count, time } from '../format';
import { useFetch } from '../hooks';
import { href, setQuery, type Place } from '../route';
import { Badge, Card, Choice, Empty, Facts, Loading, Page, PagedTable, Problem, When } from '../ui';

interface Site {
  site_id: number;
  name: string;
  environment: string | null;
  drupal_version: string | null;
  php_version: string | null;
  disabled_at: string | null;
  created_at: string;
  last_sync_at: string | null;
  modules: number;
  enabled_modules: number;
  needing_security_update: number;
}

interface Module {
  machine_name: string;
  display_name: string;
  module_type: string;
  version: string | null;
  enabled: boolean;
  last_updated: string;
  removed_at: string | null;
  needs_security_update: boolean;
}

interface Sync {
  sync_id: string;
  sync_type: string;
  outcome: string;
  received_at: string;
  processed_count: number;
  new_modules: number;
  updated_modules: number;
  removed_modules: number;
  security_updates_found: number;
}

function Missing({ of }: { of: number }) {
  return of > 0 ? <Badge tone="bad" text={`${count(of)} missing`} /> : <span class="faint">none</span>;
}

function One({ id, place }: { id: string; place: Place }) {
  const { data: x, error, reload } = useFetch<Site>(`/api/v1/admin/sites/${id}`);
  const only = place.query.needs ?? '';
  return (
    <Page title={x?.name || `Site ${id}`} lead={x && `Site ${id}`}>
      <p>
        <a href={href(['sites'])}>← All sites</a>
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
                ['Last sync', x.last_sync_at && time(x.last_sync_at)],
                ['Environment', x.environment],
                ['Drupal', x.drupal_version],
                ['PHP', x.php_version],
                ['Modules', `${count(x.modules)}, ${count(x.enabled_modules)} enabled`],
                ['Security updates', <Missing of={x.needing_security_update} />],
                ['Disabled', x.disabled_at && time(x.disabled_at)],
              ]}
            />
          </Card>
          <Card title="Modules" aside={<Choice label="Show" value={only} set={(y) => setQuery(place, { needs: y })} options={[['', 'All'], ['true', 'Missing a security update']]} />}>
            <PagedTable<Module>
              caption="Modules"
              path={(after) => `/api/v1/admin/sites/${id}/modules${query({ needs_security_update: only, removed: 'false', limit: 50, after })}`}
              items={(y) => y.modules as Module[]}
              keyOf={(y) => y.machine_name}
              empty={<Empty title={only ? 'No module misses a security update' : 'No modules'} />}
              columns={[
                { name: 'Module', kind: 'main', cell: (y) => <><span>{y.display_name || y.machine_name}</span> <span class="faint mono small">{y.machine_name}</span></> },
                { name: 'Version', cell: (y) => y.version ?? <span class="faint">unknown</span> },
                { name: 'Type', cell: (y) => y.module_type },
                { name: 'Enabled', cell: (y) => (y.enabled ? 'yes' : <span class="faint">no</span>) },
                { name: 'Security', cell: (y) => (y.needs_security_update ? <Badge tone="bad" text="update missing" /> : <span class="faint">fine</span>) },
                { name: 'Changed', cell: (y) => <When at={y.last_updated} /> },
              ]}
            />
          </Card>
          <Card title="Syncs">
            <PagedTable<Sync>
              caption="Syncs, the newest first"
              path={(after) => `/api/v1/admin/sites/${id}/syncs${query({ limit: 10, after })}`}
              items={(y) => y.syncs as Sync[]}
              keyOf={(y) => y.sync_id}
              empty={<Empty title="Never synced" />}
              columns={[
                { name: 'Received', kind: 'main', cell: (y) => <When at={y.received_at} /> },
                { name: 'Outcome', cell: (y) => <Badge text={y.outcome} /> },
                { name: 'Type', cell: (y) => y.sync_type },
                { name: 'Modules', kind: 'number', cell: (y) => count(y.processed_count) },
                { name: 'Changed', cell: (y) => `+${count(y.new_modules)} ~${count(y.updated_modules)} −${count(y.removed_modules)}` },
              ]}
            />
          </Card>
        </>
      )}
    </Page>
  );
}

export function Sites({ place }: { place: Place }) {
  const id = place.parts[1];
  if (id) return <One key={id} id={id} place={place} />;
  const needs = place.query.needs ?? '';
  return (
    <Page title="Sites" lead="Drupal sites that push what they have installed.">
      <div class="filters">
        <Choice label="Show" value={needs} set={(x) => setQuery(place, { needs: x })} options={[['', 'All'], ['true', 'Missing a security update']]} />
      </div>
      <PagedTable<Site>
        caption="Sites"
        path={(after) => `/api/v1/admin/sites${query({ needs_security_update: needs, limit: 50, after })}`}
        items={(x) => x.sites as Site[]}
        keyOf={(x) => x.site_id}
        empty={needs ? <Empty title="No site misses a security update" /> : <Empty title="No sites yet">`ingot sites add` adds one, `ingot keys create` makes its key.</Empty>}
        columns={[
          { name: 'Site', kind: 'main', cell: (x) => <><a href={href(['sites', x.site_id])}>{x.name || `Site ${x.site_id}`}</a> {x.disabled_at && <Badge text="disabled" tone="warn" />}</> },
          { name: 'Environment', cell: (x) => x.environment ?? <span class="faint">–</span> },
          { name: 'Drupal', cell: (x) => x.drupal_version ?? <span class="faint">–</span> },
          { name: 'Modules', kind: 'number', cell: (x) => count(x.modules) },
          { name: 'Security updates', cell: (x) => <Missing of={x.needing_security_update} /> },
          { name: 'Last sync', cell: (x) => <When at={x.last_sync_at} /> },
        ]}
      />
    </Page>
  );
}
