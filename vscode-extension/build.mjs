// Bundles the extension into `dist`: what runs in Node, what runs in a browser, the core and its model.
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DIST = join(HERE, 'dist');
const ROOT = join(HERE, '..');

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST);
const model = await theOneModel();
const define = { INKLING_MODEL: JSON.stringify(model) };
await Promise.all([
  cp(join(ROOT, 'models', model), join(DIST, model)),
  cp(join(ROOT, 'web-demo/pkg/inkling_wasm_bg.wasm'), join(DIST, 'inkling_wasm_bg.wasm')),
  bundle('node.ts', { platform: 'node', format: 'cjs', external: ['vscode'], define }),
  bundle('web.ts', { platform: 'browser', format: 'cjs', external: ['vscode'], define }),
  bundle('worker.node.ts', { platform: 'node', format: 'esm', outExtension: { '.js': '.mjs' } }),
  // The module is handed over, so nothing asks where the script lies.
  bundle('worker.web.ts', { platform: 'browser', format: 'iife', define: { 'import.meta.url': '""' } }),
  bundle('inspector-page.ts', { platform: 'browser', format: 'esm' }),
  bundle('metrics-page.css', {}),
]);

async function bundle(entry, options) {
  await build({
    absWorkingDir: HERE,
    entryPoints: [`src/${entry}`],
    outdir: DIST,
    bundle: true,
    minify: true,
    target: 'es2022',
    logLevel: 'warning',
    ...options,
  });
}

async function theOneModel() {
  const models = (await readdir(join(ROOT, 'models'))).filter((file) => file.endsWith('.gguf'));
  if (models.length !== 1) throw new Error(`models/ has ${models.length} .gguf files; one is to be embedded`);
  return models[0];
}
