import { useState } from 'preact/hooks';
import { useFetch } from '../hooks';
import { Badge, Card, Empty, Loading, Page, Problem } from '../ui';

interface Setting {
  key: string;
  value: string;
  default: string;
  isDefault: boolean;
  secret: boolean;
  type: string;
  help: string;
}

export function Settings() {
  const { data, error, reload } = useFetch<{ settings: Setting[] }>('/api/v1/admin/settings');
  const [text, setText] = useState('');
  const [changed, setChanged] = useState(false);
  const wanted = (data?.settings ?? []).filter((x) => (!changed || !x.isDefault) && `${x.key} ${x.help}`.toLowerCase().includes(text.toLowerCase()));
  const groups = new Map<string, Setting[]>();
  for (const x of wanted) {
    const group = x.key.includes('.') ? x.key.slice(0, x.key.indexOf('.')) : 'node';
    groups.set(group, [...(groups.get(group) ?? []), x]);
  }
  return (
    <Page title="Settings" lead="What holds on this node since its start. Secrets are not shown.">
      <div class="filters">
        <label class="field">
          <span>Search</span>
          <input type="search" value={text} placeholder="retention" onInput={(e) => setText(e.currentTarget.value)} />
        </label>
        <label class="check">
          <input type="checkbox" checked={changed} onChange={() => setChanged(!changed)} /> Only what is not the default
        </label>
      </div>
      {error ? (
        <Problem text={error} retry={reload} />
      ) : !data ? (
        <Loading />
      ) : groups.size === 0 ? (
        <Empty title="No setting is like that" />
      ) : (
        [...groups].map(([group, settings]) => (
          <Card key={group} title={group}>
            <dl class="settings">
              {settings.map((x) => (
                <div key={x.key}>
                  <dt class="mono">{x.key}</dt>
                  <dd>
                    <p>
                      <code class="value">{x.value}</code>{' '}
                      {!x.isDefault && <Badge text={x.secret ? 'set' : `default ${x.default}`} tone="busy" />}
                    </p>
                    <p class="faint small">{x.help}</p>
                  </dd>
                </div>
              ))}
            </dl>
          </Card>
        ))
      )}
    </Page>
  );
}
