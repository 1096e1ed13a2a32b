// The real binary in a folder of its own, for the browser.
import { execFileSync, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const adminToken = 'browser-admin-token-93fe10';
const webhookSecret = 'browser-webhook-secret-5b1d';

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export async function startNode(binary, consoleFolder) {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-test-console-node-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    INGOT_DATA_DIR: join(folder, 'data'),
    PORT: String(port),
    INGOT_ADMIN_TOKEN: adminToken,
    GITHUB_WEBHOOK_SECRET: webhookSecret,
    INGOT_CONSOLE_FOLDER: consoleFolder,
    INGOT_CONSOLE_PASSWORD_MEMORY: '64KiB',
    INGOT_CONSOLE_SIGN_INS_PER_MINUTE: '1000',
    INGOT_CONTENTS_GIT_LOCAL_PATHS: 'true',
    INGOT_NIGHTLY_SCHEDULE: 'never',
    ...(process.env.ASAN_OPTIONS ? { ASAN_OPTIONS: process.env.ASAN_OPTIONS } : {}),
    ...(process.env.LSAN_OPTIONS ? { LSAN_OPTIONS: process.env.LSAN_OPTIONS } : {}),
  };
  let log = '';
  const child = spawn(binary, ['serve'], { cwd: folder, env: environment });
  child.stdout.on('data', (x) => (log += x));
  child.stderr.on('data', (x) => (log += x));
  const url = `http://127.0.0.1:${port}`;
  const ended = new Promise((resolve) => child.on('exit', resolve));
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 1800) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`the node did not start:\n${log.slice(-4000)}`);
    }
    const ready = await fetch(`${url}/ready`).catch(() => null);
    if (ready?.status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const api = async (method, path, body) => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    return { status: answer.status, body: await answer.json() };
  };
  return {
    url,
    pid: child.pid,
    log: () => log,
    api,
    /** A repository on this machine with one commit, which the node follows from now on. */
    async followRepository(name) {
      const path = join(folder, name);
      const git = (...words) => execFileSync('git', ['-C', path, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], { encoding: 'utf8' });
      mkdirSync(path);
      git('init', '-q', '-b', 'main');
      writeFileSync(join(path, 'README.md'), `# ${name}\n`);
      git('add', '.');
      git('commit', '-q', '-m', 'first');
      const answer = await api('POST', '/api/v1/repositories', { provider: 'git', url: path });
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return answer.body;
    },
    /** Runs a command of the binary on the same data folder. */
    run: (...words) => execFileSync(binary, words, { cwd: folder, env: environment, encoding: 'utf8' }),
    sql: (text) => execFileSync(binary, ['psql', '-tAc', text], { cwd: folder, env: environment, encoding: 'utf8' }).trim(),
    async deliver(event, payload) {
      const body = JSON.stringify(payload);
      const id = randomUUID();
      const answer = await fetch(`${url}/webhook`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-github-event': event,
          'x-github-delivery': id,
          'x-hub-signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
        },
        body,
      });
      return { id, status: answer.status };
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
