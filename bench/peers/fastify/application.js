// Application events and Stripe webhooks as a good engineer would write them with Fastify and node-postgres: schema validation,
// one transaction a request, set-based statements, idempotency by unique keys, VIEW deduplication in SQL.
import cluster from 'node:cluster';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import pg from 'pg';

const workers = Number(process.env.WORKERS ?? 2);
const port = Number(process.env.PORT ?? 8790);
const token = Buffer.from(process.env.INGEST_APP_TOKEN ?? '');
const stripeSecret = process.env.STRIPE_WEBHOOK_SECRET ?? '';
const addressKey = 'peer-address-key';
const settings = { host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.PGDATABASE };

const schema = {
  body: {
    type: 'object',
    required: ['events'],
    properties: {
      events: {
        type: 'array', minItems: 1, maxItems: 1000,
        items: {
          type: 'object',
          required: ['type', 'ruleId'],
          properties: {
            type: { enum: ['VIEW', 'COPY', 'SAVE', 'UNSAVE', 'FORK', 'VOTE', 'UNVOTE', 'COMMENT', 'DONATE'] },
            ruleId: { type: 'string', minLength: 1, maxLength: 191 },
            userId: { type: 'string', maxLength: 191 },
            ts: { type: 'string', format: 'date-time' },
            idempotencyKey: { type: 'string', minLength: 1, maxLength: 255 },
          },
        },
      },
    },
  },
};

const insertEvents = {
  name: 'events',
  text: `
    WITH arrived AS (
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS x (type, rule_id, user_id, key, ts)
    ), wanted AS (
      SELECT DISTINCT ON (CASE WHEN type = 'VIEW' THEN rule_id ELSE gen_random_uuid()::text END) *
      FROM arrived a
      WHERE type <> 'VIEW' OR NOT EXISTS (
        SELECT FROM peer_events e WHERE e.type = 'VIEW' AND e.rule_id = a.rule_id AND e.ip_hash = $6
          AND e.ts > a.ts - interval '10 minutes' AND e.ts < a.ts + interval '10 minutes')
    )
    INSERT INTO peer_events (type, rule_id, user_id, ip_hash, idempotency_key, ts)
    SELECT type, rule_id, user_id, $6, key, ts FROM wanted
    ON CONFLICT (idempotency_key) DO NOTHING`,
};

const insertStripe = {
  name: 'stripe',
  text: `
    WITH fresh AS (
      INSERT INTO peer_stripe_events (id, type, payload) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING id
    )
    INSERT INTO peer_donations (payment, status, amount, currency, from_user_id, to_user_id, rule_id)
    SELECT $4, $5, $6::bigint, $7, $8, $9, $10 FROM fresh
    ON CONFLICT (payment) DO UPDATE SET status = excluded.status, updated_at = now()`,
};

function signedByStripe(header, body) {
  const parts = (header ?? '').split(',').map((x) => x.split('='));
  const at = parts.find(([k]) => k === 't')?.[1];
  if (!at || Math.abs(Date.now() / 1000 - Number(at)) > 300) return false;
  const expected = Buffer.from(createHmac('sha256', stripeSecret).update(`${at}.`).update(body).digest('hex'));
  return parts.some(([k, v]) => k === 'v1' && v.length === expected.length && timingSafeEqual(Buffer.from(v), expected));
}

async function serve() {
  const pool = new pg.Pool({ ...settings, max: Number(process.env.POOL ?? 8) });
  const app = Fastify({ logger: false, trustProxy: true, bodyLimit: 16 * 1024 * 1024 });
  app.get('/ready', async () => ({ status: 'ready', rows: (await pool.query('SELECT 1')).rowCount }));

  app.post('/ingest/events', { schema }, async (request, reply) => {
    const given = Buffer.from(request.headers['x-app-token'] ?? '');
    if (given.length !== token.length || !timingSafeEqual(given, token)) return reply.code(401).send({ error: 'bad token' });
    const address = createHmac('sha256', addressKey).update(request.ip).digest('hex').slice(0, 32);
    const now = new Date().toISOString();
    const columns = [[], [], [], [], []];
    for (const e of request.body.events) {
      columns[0].push(e.type);
      columns[1].push(e.ruleId);
      columns[2].push(e.userId ?? null);
      columns[3].push(e.idempotencyKey ?? null);
      columns[4].push(e.ts ?? now);
    }
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const stored = await client.query({ ...insertEvents, values: [...columns, address] });
      await client.query('COMMIT');
      return { accepted: stored.rowCount, duplicates: columns[0].length - stored.rowCount, rejected: 0, errors: [] };
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  });

  app.register(async (raw) => {
    raw.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
    raw.post('/ingest/stripe/webhook', async (request, reply) => {
      if (!signedByStripe(request.headers['stripe-signature'], request.body)) return reply.code(401).send({ error: 'bad signature' });
      const text = request.body.toString();
      const event = JSON.parse(text);
      const object = event.data.object;
      await pool.query({
        ...insertStripe,
        values: [event.id, event.type, text, object.payment_intent ?? object.id, event.type === 'payment_intent.succeeded' ? 'succeeded' : 'pending',
          object.amount ?? 0, object.currency ?? 'usd', object.metadata?.from_user_id, object.metadata?.to_user_id, object.metadata?.rule_id],
      });
      return { received: true };
    });
  });
  await app.listen({ port, host: '127.0.0.1' });
}

if (cluster.isPrimary) {
  const client = new pg.Client(settings);
  await client.connect();
  await client.query(readFileSync(new URL('application.sql', import.meta.url), 'utf8'));
  await client.end();
  for (let i = 0; i < workers; i += 1) cluster.fork();
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill();
    process.exit(0);
  });
} else {
  await serve();
}
