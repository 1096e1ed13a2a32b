import cluster from 'node:cluster';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import pg from 'pg';
import { build, pullRequest, push } from './statements.js';

const workers = Number(process.env.WORKERS ?? 2);
const port = Number(process.env.PORT ?? 8790);
const secret = process.env.GITHUB_WEBHOOK_SECRET ?? '';
const settings = { host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.PGDATABASE };

function signed(header, body) {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function deliveryValues(id, event, payload, body) {
  const r = payload.repository;
  return [id, event, payload.action ?? '', r.id, r.full_name, body, r.name, r.owner.login, r.description, r.private, r.default_branch,
    r.html_url, r.language, r.stargazers_count ?? 0, r.forks_count ?? 0, r.updated_at];
}

const people = (list) => JSON.stringify((list ?? []).map(({ login, avatar_url }) => ({ login, avatar_url })));
const entry = (at, field, value, by, sha) => JSON.stringify([{ at, field, value, by, sha }]);

function pullRequestValues(payload) {
  const p = payload.pull_request;
  const state = p.merged ? 'merged' : p.state;
  return [p.number, p.title, p.body, p.user.login, p.user.avatar_url, p.head.sha, p.head.ref, p.base.ref, p.html_url, p.additions,
    p.deletions, p.changed_files, p.commits, JSON.stringify((p.labels ?? []).map(({ name, color }) => ({ name, color }))),
    people(p.assignees), people(p.requested_reviewers), p.draft ?? false, state, p.merged ?? false, p.merged_at, p.closed_at,
    entry(p.updated_at, 'state', state, p.user.login, p.head.sha), p.updated_at,
    p.state === 'closed' ? 'closed' : payload.action === 'opened' ? 'opened' : 'updated'];
}

function buildValues(event, payload) {
  const run = payload[event];
  const at = run.updated_at ?? run.completed_at ?? run.started_at;
  const passed = ['success', 'neutral', 'skipped'].includes(run.conclusion);
  const status = run.status !== 'completed' ? 'building' : passed ? 'buildPassed' : 'buildFailed';
  return [run.head_sha, payload.sender.login, payload.sender.avatar_url, run.display_title ?? run.name, status,
    entry(at, 'status_build', status, payload.sender.login, run.head_sha), at, run.pull_requests.map((p) => p.number)];
}

function statementOf(id, event, payload, body) {
  const values = deliveryValues(id, event, payload, body);
  if (event === 'pull_request') return { ...pullRequest, values: values.concat(pullRequestValues(payload)) };
  if (event === 'workflow_run' || event === 'check_run') return { ...build, values: values.concat(buildValues(event, payload)) };
  return { ...push, values };
}

async function serve() {
  const pool = new pg.Pool({ ...settings, max: Number(process.env.POOL ?? 8) });
  const app = Fastify({ logger: false, bodyLimit: 25 * 1024 * 1024 });
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
  app.get('/ready', async () => ({ status: 'ready', rows: (await pool.query('SELECT 1')).rowCount }));
  app.post('/webhook', async (request, reply) => {
    const body = request.body;
    if (!signed(request.headers['x-hub-signature-256'], body)) return reply.code(401).send({ error: 'bad signature' });
    const id = request.headers['x-github-delivery'];
    await pool.query(statementOf(id, request.headers['x-github-event'], JSON.parse(body.toString()), body));
    return { status: 'stored', delivery: id };
  });
  await app.listen({ port, host: '127.0.0.1' });
}

if (cluster.isPrimary) {
  const client = new pg.Client(settings);
  await client.connect();
  await client.query(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'));
  await client.end();
  for (let i = 0; i < workers; i += 1) cluster.fork();
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill();
    process.exit(0);
  });
} else {
  await serve();
}
