import { useState } from 'preact/hooks';
import { query, send } from '../api';
import { Action, Badge, Empty, Page, PagedTable, When } from '../ui';

interface Row {
  sessionId: number;
  name: string | null;
  role: string;
  current: boolean;
  address: string;
  agent: string;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
}

/** What a browser calls itself, short enough for people. */
function browserOf(agent: string): string {
  const name = /(Firefox|Edg|OPR|Chrome|Safari|curl)[/ ]([\d.]+)/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(agent);
  return name ? `${name[1]?.replace('Edg', 'Edge')}${system ? ` on ${system[1]}` : ''}` : agent || 'unknown';
}

export function Sessions() {
  const [turn, setTurn] = useState(0);
  return (
    <Page title="Sessions" lead="Browsers that are signed in.">
      <PagedTable<Row>
        caption="Sessions"
        path={(after) => `/console/api/sessions${query({ limit: 50, after })}`}
        items={(x) => x.sessions as Row[]}
        keyOf={(x) => x.sessionId}
        refreshed={turn}
        empty={<Empty title="Nobody is signed in" />}
        columns={[
          { name: 'Who', kind: 'main', cell: (x) => <>{x.name ?? 'Admin token'} {x.current && <Badge text="this browser" tone="good" />}</> },
          { name: 'Role', cell: (x) => x.role },
          { name: 'Browser', cell: (x) => <span title={x.agent}>{browserOf(x.agent)}</span> },
          { name: 'Address', cell: (x) => x.address },
          { name: 'Signed in', cell: (x) => <When at={x.createdAt} /> },
          { name: 'Last seen', cell: (x) => <When at={x.lastSeenAt} /> },
          { name: 'Ends', cell: (x) => <When at={x.expiresAt} /> },
          {
            name: 'End it',
            cell: (x) =>
              x.current ? (
                <span class="faint">Sign out instead</span>
              ) : (
                <Action run={() => send('DELETE', `/console/api/sessions/${x.sessionId}`)} done={() => setTurn(turn + 1)}>
                  Revoke
                </Action>
              ),
          },
        ]}
      />
    </Page>
  );
}
