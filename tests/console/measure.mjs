// node measure.mjs INGOT_BINARY CONSOLE_FOLDER CHROMIUM: the figures of docs/benchmarks.md, "The console". Asserts nothing.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { adminToken, startNode } from './node.mjs';

const [binary, consoleFolder, executablePath] = process.argv.slice(2);
const rows = 100_000;
const seconds = 20;
const pages = 10;

const median = (x) => [...x].sort((a, b) => a - b)[Math.floor(x.length / 2)];
const say = (name, value) => console.log(`${name}: ${value}`);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Processor time of the node's process so far, in seconds. */
function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function shareOfCore(node) {
  const [before, began] = [processorTime(node.pid), performance.now()];
  await pause(seconds * 1000);
  return `${(((processorTime(node.pid) - before) / ((performance.now() - began) / 1000)) * 100).toFixed(2)} % of a core`;
}

/** Milliseconds of a request as the console makes it, the median of 20. */
async function request(node, path) {
  const took = [];
  let body;
  for (let i = 0; i < 20; i += 1) {
    const began = performance.now();
    const answer = await fetch(node.url + path, { headers: { authorization: `Bearer ${adminToken}` } });
    body = await answer.json();
    took.push(performance.now() - began);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(body)}`);
  }
  return { ms: median(took).toFixed(1), body };
}

const node = await startNode(binary, consoleFolder);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const assets = join(consoleFolder, 'assets');
  const script = readdirSync(assets).filter((x) => x.endsWith('.js'));
  say('script, gzip', `${(script.reduce((sum, x) => sum + gzipSync(readFileSync(join(assets, x))).length, 0) / 1024).toFixed(1)} KiB`);

  node.sql(`INSERT INTO jobs (kind, key, state, finished_at, last_error)
    SELECT CASE n % 4 WHEN 0 THEN 'content_sync' WHEN 1 THEN 'manifest_check' ELSE 'notify' END, 'site/' || n % 1000,
           CASE n % 100 WHEN 0 THEN 'dead' ELSE 'succeeded' END, now(), CASE n % 100 WHEN 0 THEN 'it was refused' END FROM generate_series(1, ${rows}) n`);
  node.sql(`INSERT INTO deliveries (delivery_id, received_at, source, endpoint, event, repository, outcome, body_bytes, body_encoding, body)
    SELECT gen_random_uuid()::text, now() - n * interval '0.4 s', 'github', 'webhook', CASE n % 50 WHEN 0 THEN 'release' ELSE 'push' END, 'owner/repository-' || n % 1000,
           CASE n % 100 WHEN 0 THEN 'failed' ELSE 'stored' END, 2, 0, '{}' FROM generate_series(1, ${rows}) n`);
  node.sql('ANALYZE jobs');
  node.sql('ANALYZE deliveries');
  for (const filter of ['', 'state=dead', 'kind=manifest_check', 'key=site/7', 'kind=nobody', 'state=pending']) {
    const first = await request(node, `/api/v1/admin/jobs?limit=50&${filter}`);
    const deep = await request(node, `/api/v1/admin/jobs?limit=50&after=${rows / 10}&${filter}`);
    say(`jobs ${filter || 'unfiltered'}: first page, deep page`, `${first.ms} ms, ${deep.ms} ms`);
  }
  const [at, id] = node.sql(`SELECT (extract(epoch FROM received_at) * 1000000)::int8, delivery_id FROM deliveries ORDER BY received_at, delivery_id OFFSET ${rows / 10} LIMIT 1`).split('|');
  for (const filter of ['', 'outcome=failed', 'event=release', 'repository=owner/repository-7', 'event=none']) {
    const first = await request(node, `/api/v1/admin/deliveries?limit=50&${filter}`);
    const deep = await request(node, `/api/v1/admin/deliveries?limit=50&after=${at}~${id}&${filter}`);
    say(`deliveries ${filter || 'unfiltered'}: first page, deep page`, `${first.ms} ms, ${deep.ms} ms`);
  }

  const signedIn = await browser.newContext();
  const answer = await signedIn.request.post(`${node.url}/console/api/session`, { data: { token: adminToken } });
  if (!answer.ok()) throw new Error(await answer.text());
  const storageState = await signedIn.storageState();
  const usable = [];
  for (let i = 0; i < 5; i += 1) {
    const context = await browser.newContext({ storageState }); // with an empty cache
    const page = await context.newPage();
    const began = performance.now();
    await page.goto(`${node.url}/console#/jobs`);
    await page.locator('tbody tr').first().waitFor();
    usable.push(performance.now() - began);
    await context.close();
  }
  say('usable: goto until the first of 50 rows is seen, median of 5', `${median(usable).toFixed(0)} ms (${usable.map((x) => x.toFixed(0)).join(', ')})`);

  await signedIn.close();
  await pause(3000);
  say(`the node for ${seconds} s, nobody looking`, await shareOfCore(node));
  const contexts = [];
  for (let i = 0; i < pages; i += 1) {
    const context = await browser.newContext({ storageState });
    const page = await context.newPage();
    await page.goto(`${node.url}/console`);
    await page.getByText('Live', { exact: true }).waitFor();
    contexts.push(context);
  }
  say(`the node for ${seconds} s, ${pages} overview pages live`, await shareOfCore(node));
  for (const x of contexts) await x.close();
} finally {
  await browser.close();
  await node.stop();
}
