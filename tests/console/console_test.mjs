// node console_test.mjs INGOT_BINARY CONSOLE_FOLDER CHROMIUM
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import nodeTest from 'node:test';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { adminToken, startNode } from './node.mjs';

const [binary, consoleFolder, executablePath] = process.argv.slice(2);
const screenshots = process.env.SCREENSHOTS;

/** Text that wants to be markup, wherever a sender may put a name. */
const hostile = `"><img src=x onerror="window.broken=1"><script>window.broken=2</script>{{7*7}}javascript:alert(1)`;

const node = await startNode(binary, consoleFolder);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });

/** What went wrong, once more at the end: whoever reads a long log looks there. */
const summary = [];

/** A browser is a large machine that other people build: a test that fails is tried once more, and both are told. */
function test(name, run) {
  nodeTest(name, async () => {
    try {
      await run();
    } catch (e) {
      summary.push(`FAILED AT FIRST ${name}: ${e.stack}`);
      await run();
      summary.push(`passed at the second attempt: ${name}`);
    }
  });
}

process.on('exit', () => summary.forEach((x) => console.log(x)));

/** A browser of its own; what a page must never do is noted. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // a busy machine may hold a commit back for long
  const wrong = [];
  page.on('dialog', (x) => (wrong.push(`dialog: ${x.message()}`), x.dismiss()));
  page.on('pageerror', (x) => wrong.push(`error: ${x.message}`));
  page.on('console', (x) => /Content Security Policy|Trusted/.test(x.text()) && wrong.push(`policy: ${x.text()}`));
  page.on('request', (x) => x.url().startsWith(node.url) || x.url().startsWith('data:') || wrong.push(`asked elsewhere: ${x.url()}`));
  return {
    page,
    wrong,
    go: async (place) => {
      await page.goto(`${node.url}/console#/${place}`);
      await page.locator('h1').first().waitFor();
      // What is looked for next must not be found on the page before, which is there until the next frame.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    },
    close: () => context.close(),
  };
}

async function signIn(page, fill) {
  await page.goto(`${node.url}/console`);
  if (fill.token) {
    await page.getByText('Admin token').click();
    await page.getByLabel('Admin token').last().fill(fill.token);
  } else {
    await page.getByLabel('Name', { exact: true }).fill(fill.name);
    await page.getByLabel('Password').last().fill(fill.password);
  }
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const passwordOf = (name, role) => JSON.parse(node.run('reviewers', 'add', name, '--email', `${name}@example.org`, '--role', role, '--json')).password;

/** A pending job that no handler takes, and a dead one. */
function addJobs(keys = 'browser') {
  const reason = hostile.replaceAll("'", "''");
  return node.sql(`WITH waiting AS (
      INSERT INTO jobs (kind, key) SELECT 'nobody_runs_this', '${keys}/' || n FROM generate_series(1, 3) n RETURNING id, key, kind, priority, run_at),
    lanes AS (INSERT INTO job_lanes (key, job_id, kind, priority, run_at, jobs) SELECT key, id, kind, priority, run_at, 1 FROM waiting),
    dead AS (INSERT INTO jobs (kind, key, state, finished_at, last_error, attempts, history)
      VALUES ('notify', 'browser/dead', 'dead', now(), '${reason}', 3, jsonb_build_array(jsonb_build_object('at', now(), 'attempt', 3, 'error', '${reason}'))) RETURNING id)
    SELECT string_agg(id::text, ',' ORDER BY id) FROM (SELECT id FROM waiting UNION ALL SELECT id FROM dead) x`)
    .split('\n')[0]
    .split(',');
}

const jobs = addJobs();
const delivered = await node.deliver('issues', {
  action: 'opened',
  issue: { number: 1, title: hostile, user: { login: hostile } },
  repository: { id: 77, name: 'x', full_name: `o/${hostile}`, owner: { login: 'o', id: 1 } },
  sender: { login: hostile, id: 3 },
});
const quoted = hostile.replaceAll("'", "''");
const json = (of) => JSON.stringify(of).replaceAll("'", "''");

/** A site that has a module of such a name. */
async function addSite() {
  const { site_id } = (await node.api('POST', '/api/v1/admin/sites', { name: hostile })).body;
  const { key } = (await node.api('POST', `/api/v1/admin/sites/${site_id}/keys`, {})).body;
  const answer = await fetch(`${node.url}/api/v1/sites/${site_id}/modules/sync`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({
      site_info: { name: hostile, environment: 'live', last_cron: 1700000000 },
      modules: [{ machine_name: 'token', name: hostile, type: 'contrib', version: '1.0.0', status: true }],
      sync_timestamp: new Date().toISOString(),
      drupal_version: '10.3.0',
      php_version: '8.2.7',
    }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return site_id;
}
const site = await addSite();

/** HTML that no cleaning has seen. */
const uncleaned = `<h2 onclick="window.broken=10" style="position:fixed" id="page">Weather</h2><script>window.broken=11</script>
  <img src="https://evil.example/x.png" onerror="window.broken=12" alt="chart"><img src=x onerror=window.broken=13>
  <a href="javascript:window.broken=14">script</a> <a href=" java&#9;script:window.broken=15">tab</a> <a href="vbscript:x">vb</a>
  <a href="data:text/html,<script>window.broken=16</script>">data</a> <a href="#/settings">inside</a>
  <a href="https://example.org/fine" onmouseover="window.broken=17" target="_top">fine</a>
  <svg onload="window.broken=18"><a xlink:href="javascript:window.broken=19"><text>svg</text></a><script>window.broken=20</script></svg>
  <iframe srcdoc="<script>parent.window.broken=21</script>" onload="window.broken=22"></iframe><object data="https://evil.example"></object>
  <form action="https://evil.example"><input name="password"><button formaction="javascript:window.broken=23">send</button></form>
  <style>body { display: none }</style><link rel="stylesheet" href="https://evil.example/x.css"><base href="https://evil.example/">
  <meta http-equiv="refresh" content="0;url=https://evil.example"><details open ontoggle="window.broken=24"><summary>more</summary></details>
  <math><mtext><table><mglyph><style><img src=x onerror="window.broken=25"></style></mglyph></table></mtext></math>
  <noscript><p title="</noscript><img src=x onerror=window.broken=26>"></noscript><template><script>window.broken=27</script></template>`;

/** A server whose README, name and manifest want to be more than text. */
const evilServer = `io.github.evil/${hostile}`;
node.sql(`WITH server AS (
    INSERT INTO mcp_servers (name, version, title, description, repository_url, manifest_sha, readme_path, readme_sha, readme, readme_html, observed_at)
    VALUES ('${evilServer.replaceAll("'", "''")}', '1.0.0', '${quoted}', '${quoted}', 'javascript:window.broken=30', 'a1', 'README.md', 'b2', '', $html$${uncleaned}$html$, now())
    RETURNING id)
  INSERT INTO mcp_server_versions (server_id, version, manifest, manifest_sha)
  SELECT id, '1.0.0', '${json({ name: evilServer, version: '1.0.0', title: hostile, description: hostile, websiteUrl: 'javascript:window.broken=31' })}', 'a1' FROM server`);
node.sql(`INSERT INTO audit_log (at, actor, action, subject, details) VALUES (now(), '${quoted}', '${quoted}', '${quoted}', '${json({ reason: hostile })}')`);
const evilSubmission = await node.api('POST', '/api/v1/submissions?userId=evil', {
  manifest: JSON.stringify({
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: 'io.github.evil/names',
    title: hostile,
    description: hostile,
    version: hostile,
    [hostile]: hostile,
    repository: { url: 'javascript:window.broken=32', source: hostile },
    packages: [{ registryType: hostile, identifier: hostile, version: '^1', transport: { type: hostile } }],
  }),
  note: hostile,
});
assert.equal(evilSubmission.status, 201, JSON.stringify(evilSubmission.body));
node.sql(`UPDATE submissions SET readme_html = $html$${uncleaned}$html$ WHERE id = ${evilSubmission.body.id}`);
const evilRepository = await node.followRepository('evil');
// Its first sync would call it by its name again.
while (node.sql(`SELECT count(*) FROM jobs WHERE kind IN ('content_sync', 'manifest_check') AND state IN ('pending', 'running')`) !== '0') await new Promise((done) => setTimeout(done, 100));
node.sql(`UPDATE provider_repositories SET owner = '${quoted}', name = '${quoted}', url = 'javascript:window.broken=33', last_error = '${quoted}', state = 'suspended' WHERE id = ${evilRepository.id}`);

nodeTest.after(async () => {
  await browser.close();
  await node.stop();
});

test('whoever is not who they say is refused, and may try again', async () => {
  const { page, wrong, close } = await open();
  await signIn(page, { name: 'nobody', password: 'not the password' });
  await page.getByRole('alert').waitFor();
  assert.match(await page.getByRole('alert').innerText(), /not right/);
  assert.equal((await page.context().cookies()).length, 0);
  await signIn(page, { token: adminToken });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.equal((await page.context().cookies()).length, 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('a delivery is found, looked at and replayed', async () => {
  const { page, wrong, go, close } = await open();
  await signIn(page, { token: adminToken });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByText('takes commits').waitFor();
  await page.getByRole('link', { name: 'Deliveries' }).click();
  // Not by its label: the overview has lines of events, and is there until the next frame.
  const event = page.getByRole('searchbox', { name: 'Event' });
  await event.fill('push');
  await event.press('Enter');
  await page.getByText('No delivery is like that').waitFor();
  await event.fill('issues');
  await event.press('Enter');
  await page.getByRole('link', { name: 'issues.opened' }).first().click();
  await page.getByText(delivered.id).first().waitFor();
  await page.getByText('"action": "opened"').first().waitFor();
  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByText('Replayed:').waitFor();
  // The line is written a moment later.
  while (node.sql(`SELECT count(*) FROM audit_log WHERE action = 'delivery replayed'`) === '0') await new Promise((done) => setTimeout(done, 100));
  await go('audit?action=delivery%20replayed');
  await page.getByRole('cell', { name: delivered.id }).first().waitFor();
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.deepEqual(wrong, []);
  await close();
});

test('dead letters are tried again, and pending jobs are buried, one by one and in bulk', async () => {
  const { page, wrong, go, close } = await open();
  await signIn(page, { token: adminToken });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await go(`jobs/${jobs[0]}`);
  await page.getByRole('button', { name: 'Bury' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Bury' }).click();
  await page.getByText('dead', { exact: true }).waitFor();
  assert.equal(node.sql(`SELECT state FROM jobs WHERE id = ${jobs[0]}`), 'dead');
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByText('pending', { exact: true }).waitFor();
  await go('jobs?kind=nobody_runs_this&state=pending');
  await page.getByLabel('Select all on this page').check();
  await page.getByRole('button', { name: 'Bury 3' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Bury 3' }).click();
  await page.getByText('No job is like that').waitFor();
  assert.equal(node.sql(`SELECT count(*) FROM jobs WHERE kind = 'nobody_runs_this' AND state = 'dead'`), '3');
  assert.equal(node.sql(`SELECT count(*) FROM audit_log WHERE action = 'job buried' AND actor = 'admin'`), '4');
  assert.deepEqual(wrong, []);
  await close();
});

/** The document that the README is parsed in, which shows and runs nothing, is held to the policy, too, and says so. */
const withoutParsers = (wrong) => wrong.filter((x) => !x.startsWith('policy: '));

test('law 9: texts from outside stay texts on every page', async () => {
  const { page, wrong, go, close } = await open();
  await signIn(page, { token: adminToken });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  // Each page, and whether it shows the text.
  const server = `servers/${encodeURIComponent(evilServer)}`;
  const submission = `submissions/${evilSubmission.body.id}`;
  const places = {
    deliveries: false, [`deliveries/${delivered.id}`]: true, 'jobs?state=dead': true, [`jobs/${jobs[3]}`]: true, sites: true, [`sites/${site}`]: true,
    servers: true, [server]: true, submissions: false, [submission]: true, repositories: true, [`repositories/${evilRepository.id}`]: true, audit: true,
    [`audit?actor=${encodeURIComponent(hostile)}`]: true, [`deliveries?event=${encodeURIComponent(hostile)}`]: false,
    [`servers/${encodeURIComponent(hostile)}`]: true, [encodeURIComponent(hostile)]: false,
  };
  // What a browser tells of a page comes late: pages with a README, of which it tells much, are the last.
  const readmes = [server, submission];
  for (const [place, shown] of Object.entries(places).sort(([a], [b]) => readmes.includes(a) - readmes.includes(b))) {
    if (place === readmes[0]) assert.deepEqual(wrong, []);
    await go(place);
    if (shown)
      await page.locator('#page').getByText('<img src=x onerror=').first().waitFor().catch((e) => { throw new Error(`${place}: ${e.message}`); });
    await page.waitForLoadState('networkidle');
    assert.equal(await page.evaluate(() => window.broken), undefined, place);
    assert.equal(await page.locator('main :is(img, script, iframe, object, form, style, base, meta, link)').count(), 0, place);
    const addresses = await page.locator('main a[href]').evaluateAll((all) => all.map((x) => x.protocol));
    assert.deepEqual(addresses.filter((x) => !['http:', 'https:', 'mailto:'].includes(x)), [], place);
  }
  assert.deepEqual(withoutParsers(wrong), []);
  await close();
});

test('law 9: a README that nobody has cleaned is harmless by the page itself', async () => {
  const { page, wrong, go, close } = await open();
  await signIn(page, { token: adminToken });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  for (const place of [`servers/${encodeURIComponent(evilServer)}`, `submissions/${evilSubmission.body.id}`]) {
    await go(place);
    await page.getByRole('heading', { name: 'README', exact: true }).waitFor();
    const readme = page.locator('.readme');
    await readme.getByText('Weather').waitFor();
    const made = await readme.evaluate((x) => [...x.querySelectorAll('*')].map((y) => ({ name: y.localName, attributes: [...y.attributes].map((z) => z.name) })));
    for (const x of made) {
      assert.ok(['h2', 'a', 'span', 'details', 'summary', 'p', 'table'].includes(x.name), x.name);
      assert.deepEqual(x.attributes.filter((y) => !['href', 'rel', 'target', 'class'].includes(y)), [], x.name);
    }
    assert.deepEqual(await readme.locator('a[href]').evaluateAll((all) => all.map((x) => x.href)), ['https://evil.example/x.png', 'https://example.org/fine']);
    for (const name of ['script', 'tab', 'data', 'inside']) await readme.locator('a', { hasText: name }).first().click();
    await readme.getByText('Weather').hover();
    assert.equal(await page.evaluate(() => window.broken), undefined);
    assert.ok(page.url().endsWith(`#/${place}`), page.url());
  }
  assert.deepEqual(withoutParsers(wrong), []);
  await close();
});

test('a page without the CSRF token, or of a reviewer, changes nothing', async () => {
  const { page, go, close } = await open();
  await signIn(page, { name: 'ada', password: passwordOf('ada', 'reviewer') });
  await page.getByRole('heading', { name: 'Servers' }).waitFor();
  assert.deepEqual(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts(), ['Servers', 'Submissions', 'Sessions']);
  const status = (method, path, headers = {}) => page.evaluate(async ([m, p, h]) => (await fetch(p, { method: m, headers: h })).status, [method, path, headers]);
  const { csrf } = await page.evaluate(async () => (await fetch('/console/api/session')).json());
  assert.equal(await status('GET', '/api/v1/admin/jobs'), 403);
  assert.equal(await status('DELETE', '/console/api/session'), 403);
  assert.equal(await status('DELETE', '/console/api/session', { 'x-csrf-token': '0'.repeat(64) }), 403);
  await go('settings');
  await page.getByText('not for your role').waitFor();
  // A removed account is out at its next step.
  node.run('reviewers', 'remove', 'ada');
  await go('sessions');
  await page.getByText('the session is over').waitFor();
  assert.equal(await status('GET', '/console/api/session', { 'x-csrf-token': csrf }), 401);
  await close();
});

test('a session that is revoked is over', async () => {
  const admin = await open();
  const other = await open();
  await signIn(admin.page, { token: adminToken });
  await admin.page.getByRole('heading', { name: 'Overview' }).waitFor();
  await signIn(other.page, { name: 'grace', password: passwordOf('grace', 'admin') });
  await other.page.getByRole('heading', { name: 'Overview' }).waitFor();
  await admin.go('sessions');
  await admin.page.getByRole('row', { name: /grace/ }).getByRole('button', { name: 'Revoke' }).click();
  await admin.page.getByRole('row', { name: /grace/ }).waitFor({ state: 'detached' });
  await other.go('jobs');
  await other.page.getByText('the session is over').waitFor();
  await admin.close();
  await other.close();
});

test('a submission goes its whole way: sent back with its problems, mended, approved, listed', async () => {
  const name = 'io.github.ada/weather';
  const manifest = (version) =>
    JSON.stringify(
      {
        $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
        name,
        description: hostile.slice(0, 90),
        version,
        repository: { url: 'https://github.com/ada/weather', source: 'github' },
        remotes: [{ type: 'streamable-http', url: 'https://mcp.example.com/mcp' }],
      },
      null,
      2,
    );
  const sent = await node.api('POST', '/api/v1/submissions?userId=ada', { manifest: manifest('latest'), note: hostile });
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  const { id } = sent.body;
  const { page, wrong, go, close } = await open();
  await signIn(page, { name: 'hopper', password: passwordOf('hopper', 'reviewer') });
  await page.getByRole('heading', { name: 'Servers' }).waitFor();
  await go('submissions');
  await page.getByRole('link', { name }).click();
  await page.getByText('"version": "latest"').waitFor();
  assert.match(await page.locator('.code li.wrong').filter({ hasText: '"version"' }).innerText(), /\/version, column \d+ \((rule|schema)\): /);
  await page.getByRole('button', { name: 'Review it' }).click();
  await page.getByRole('button', { name: 'Request changes' }).click();
  await page.getByLabel('Reason, for the submitter').fill('Name a version, please.');
  await page.getByRole('dialog').getByRole('button', { name: 'Request changes' }).click();
  await page.getByText('Name a version, please.').first().waitFor();
  // Meanwhile its submitter mends it.
  const mended = await node.api('PATCH', `/api/v1/submissions/${id}?userId=ada`, { manifest: manifest('1.0.0') });
  assert.equal(mended.status, 200, JSON.stringify(mended.body));
  // Who looked at the state of before is told.
  await go('submissions');
  await page.getByRole('link', { name }).click();
  await page.getByText('"version": "1.0.0"').waitFor();
  assert.equal(await page.locator('.code li.wrong').count(), 0);
  await page.getByRole('button', { name: 'Review it' }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await page.getByText('approved', { exact: true }).first().waitFor();
  await go('servers');
  await page.getByRole('link', { name }).click();
  await page.getByText('"version": "1.0.0"').waitFor();
  assert.equal(node.sql(`SELECT count(*) FROM audit_log WHERE actor = 'reviewer hopper' AND action LIKE '%approve%'`), '1');
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.deepEqual(wrong, []);
  await close();
});

test('a nightly run is begun, watched live and found again', async () => {
  for (const name of ['one', 'two', 'three']) await node.followRepository(name);
  const { page, wrong, go, close } = await open();
  await signIn(page, { token: adminToken });
  await page.getByText('Live', { exact: true }).waitFor();
  await go('nightly');
  await page.getByText('No run yet').waitFor();
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.getByRole('link', { name: 'Run 1' }).click();
  await page.getByText('succeeded', { exact: true }).waitFor();
  await page.locator('dt', { hasText: 'Checked' }).locator('+ dd').filter({ hasText: '3' }).waitFor();
  await go('nightly');
  await page.getByRole('row', { name: /Run 1/ }).waitFor();
  assert.deepEqual(wrong, []);
  await close();
});

test('a nightly run is watched live: its progress, and what fails, to the last', async () => {
  const repositories = node.sql(`SELECT id FROM provider_repositories WHERE name IN ('one', 'two', 'three') ORDER BY id`).split('\n');
  // Nobody does the job of this one: it goes on when this test says so.
  const [run] = node.sql(`INSERT INTO nightly_runs (depth, parts, repositories, job_id) VALUES ('incremental', 'content', 3, ${addJobs('nightly')[0]}) RETURNING id`).split('\n');
  const fail = (repository, more = '') =>
    node.sql(`WITH item AS (INSERT INTO nightly_items (run_id, repository_id, state, reason) VALUES (${run}, ${repository}, 'failed', 'refused by the test'))
      UPDATE nightly_runs SET failed = failed + 1 ${more} WHERE id = ${run}`);
  const { page, wrong, go, close } = await open();
  let asked = 0;
  page.on('request', (x) => (asked += x.url().endsWith(`/nightly-runs/${run}`) ? 1 : 0));
  await signIn(page, { token: adminToken });
  await go(`nightly/${run}`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('0 of 3 repositories').waitFor();
  node.sql(`UPDATE nightly_runs SET unchanged = 1 WHERE id = ${run}`);
  await page.getByText('1 of 3 repositories').waitFor();
  fail(repositories[1]);
  await page.getByRole('row', { name: /two.*refused by the test/ }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  assert.equal(asked, 1); // all news came by the stream
  fail(repositories[2], `, state = 'succeeded', finished_at = now()`);
  await page.getByRole('row', { name: /three.*refused by the test/ }).waitFor();
  await page.getByText('succeeded', { exact: true }).waitFor();
  assert.deepEqual(wrong, []);
  await close();
});

test('a node that cannot be asked signs nobody out, and the page is live again when it can', async () => {
  const { page, wrong, close } = await open();
  await signIn(page, { token: adminToken });
  await page.getByText('Live', { exact: true }).waitFor();
  const away = (route) => route.fulfill({ status: 503, json: { error: { code: 'storage_unavailable', message: 'the database is away', details: [] } } });
  await page.route('**/console/api/session', away);
  await page.route('**/admin/overview/events', away);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('alert').filter({ hasText: 'the database is away' }).waitFor();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.reload();
  await page.getByRole('alert').filter({ hasText: 'the database is away' }).waitFor();
  await page.unroute('**/console/api/session');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Every 5 s', { exact: true }).waitFor();
  await page.unroute('**/admin/overview/events');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual(wrong, []);
  await close();
});

test('every page can be reached and used by keyboard', async () => {
  const { page, close } = await open();
  await page.goto(`${node.url}/console`);
  await page.getByLabel('Name', { exact: true }).waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Tab');
  await page.keyboard.type(adminToken);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  for (const name of ['Overview', 'Deliveries', 'Jobs']) {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Jobs');
  // A dialog gives the focus back to what opened it.
  const [job] = addJobs('keyboard');
  await page.goto(`${node.url}/console#/jobs/${job}`);
  await page.getByRole('button', { name: 'Bury' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement.textContent === 'Bury');
  await close();
});

test('law 5: the script is small, and nothing of the page is wider than a phone', async () => {
  const assets = join(consoleFolder, 'assets');
  const script = readdirSync(assets).filter((x) => x.endsWith('.js'));
  const compressed = script.reduce((sum, x) => sum + gzipSync(readFileSync(join(assets, x))).length, 0);
  assert.ok(compressed <= 200 * 1024, `${compressed} bytes of script`);
  const { page, wrong, go, close } = await open({ viewport: { width: 375, height: 740 } });
  await signIn(page, { token: adminToken });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  for (const place of ['overview', 'deliveries', `deliveries/${delivered.id}`, 'jobs', `jobs/${jobs[3]}`, 'repositories', 'sites', 'sites/1', 'servers', 'submissions', 'nightly', 'audit', 'settings', 'sessions']) {
    await go(place);
    await page.waitForLoadState('networkidle');
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `${place} is ${wide} wide`);
  }
  await go('jobs?state=dead');
  await page.getByRole('button', { name: 'Select all' }).click();
  await page.getByText(/^\d+ selected$/).waitFor();
  assert.deepEqual(wrong.filter((x) => !x.startsWith('error: Failed')), []);
  await close();
});

test('files of the console are compressed, cached by their names, and free of anything inline', async () => {
  const first = await fetch(`${node.url}/console`, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(first.headers.get('content-encoding'), 'gzip');
  assert.match(first.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.equal((await fetch(`${node.url}/console`, { headers: { 'if-none-match': first.headers.get('etag') } })).status, 304);
  const html = await first.text();
  const script = /src="(\/console\/assets\/[^"]+\.js)"/.exec(html)[1];
  assert.doesNotMatch(html, /<script(?![^>]* src=)|<style| on\w+=|https?:/);
  assert.match((await fetch(node.url + script)).headers.get('cache-control'), /immutable/);
  for (const path of ['/console/assets/none.js', '/console/..%2fjobs', '/console/%2e%2e/%2e%2e/etc/passwd', '/console/index.html.gz'])
    assert.equal((await fetch(node.url + path)).status, 404, path);
  assert.ok(statSync(join(consoleFolder, 'index.html.gz')).size > 0);
});

if (screenshots)
  test('pictures', async () => {
    const places = ['overview', 'deliveries', `deliveries/${delivered.id}`, 'jobs', `jobs/${jobs[3]}`, 'repositories', 'sites', 'sites/1', 'servers', 'submissions', 'nightly', 'audit', 'settings', 'sessions'];
    for (const [name, options] of Object.entries({
      light: { colorScheme: 'light' },
      dark: { colorScheme: 'dark' },
      phone: { colorScheme: 'light', viewport: { width: 390, height: 800 } },
    })) {
      const { page, go, close } = await open(options);
      await page.goto(`${node.url}/console`);
      await page.getByLabel('Name', { exact: true }).waitFor();
      await page.screenshot({ path: join(screenshots, `${name}-sign_in.png`) });
      await signIn(page, { token: adminToken });
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      for (const place of places) {
        await go(place);
        await page.waitForTimeout(600);
        await page.screenshot({ path: join(screenshots, `${name}-${place.replace(/[^a-z]+.*/, place.includes('/') ? '_one' : '')}.png`) });
      }
      await close();
    }
  });
