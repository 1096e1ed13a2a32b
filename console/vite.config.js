import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

const out = process.env.INGOT_CONSOLE_OUT ?? '../build/console';

/** The node sends files as they lie there: each has its gzipped self beside it. */
function precompress() {
  const walk = (folder) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (!path.endsWith('.gz')) writeFileSync(path + '.gz', gzipSync(readFileSync(path), { level: 9 }));
    }
  };
  return { name: 'precompress', closeBundle: () => walk(out) };
}

export default defineConfig({
  base: '/console/',
  // No inline scripts or data: the Content-Security-Policy takes none.
  build: { outDir: out, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: false, target: 'es2022', reportCompressedSize: true },
  plugins: [precompress()],
});
