// Bundles the playground into `dist`: a static site that works under any path.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DIST = join(HERE, 'dist');

const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  outdir: join(DIST, 'assets'),
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  loader: { '.ttf': 'file', '.wasm': 'file', '.svg': 'file' },
  metafile: true,
  logLevel: 'warning',
};

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
await cp(join(HERE, 'samples'), join(DIST, 'samples'), { recursive: true });
await cp(join(HERE, 'src/icon.svg'), join(DIST, 'icon.svg'));

const [core, editorWorker, model] = await Promise.all([
  bundle('src/worker.ts'),
  bundle('monaco-editor/editor/editor.worker.js'),
  copyModel(),
]);
const page = await bundle('src/main.ts', {
  splitting: true,
  define: {
    INKLING_FILES: JSON.stringify({ core: core.js, editorWorker: editorWorker.js, model }),
  },
});
await writePage(page);
await writeServiceWorker();

/** Bundles one entry; answers with the paths of its script and style sheet, relative to the page. */
async function bundle(entry, options = {}) {
  const { metafile } = await build({ ...COMMON, ...options, entryPoints: [entry] });
  const outputs = Object.entries(metafile.outputs);
  const isEntry = ([, output]) => output.entryPoint && basename(output.entryPoint) === basename(entry);
  const [js, { cssBundle }] = outputs.find(isEntry);
  // The entry's style sheet has those of the chunks in it, which esbuild writes once more each.
  const spare = outputs.map(([file]) => file).filter((file) => file.endsWith('.css') && file !== cssBundle);
  await Promise.all(spare.map((file) => rm(join(HERE, file))));
  return { js: fromPage(js), css: cssBundle && fromPage(cssBundle) };
}

function fromPage(file) {
  return relative(DIST, join(HERE, file)).replaceAll(sep, '/');
}

/** Copies the one model of `models`, or the one that `INKLING_MODEL` names. */
async function copyModel() {
  const path = process.env.INKLING_MODEL ?? (await theOneModel(join(HERE, '../models')));
  const bytes = await readFile(path);
  const target = `models/${basename(path, '.gguf')}-${hash(bytes)}.gguf`;
  await mkdir(join(DIST, 'models'));
  await writeFile(join(DIST, target), bytes);
  return target;
}

async function theOneModel(folder) {
  const models = (await readdir(folder)).filter((file) => file.endsWith('.gguf'));
  if (models.length !== 1) {
    throw new Error(`${folder} has ${models.length} .gguf files; set INKLING_MODEL to the one to ship`);
  }
  return join(folder, models[0]);
}

async function writePage({ js, css }) {
  const template = await readFile(join(HERE, 'src/index.html'), 'utf8');
  const page = template.replace('{{main.js}}', js).replace('{{main.css}}', css);
  await writeFile(join(DIST, 'index.html'), page);
}

/** Comes last: it lists every other file, and its build id is the hash of all of them. */
async function writeServiceWorker() {
  const files = (await listFiles(DIST)).sort();
  const contents = await Promise.all(files.map((file) => readFile(join(DIST, file))));
  const id = hash(files.join('\n'), ...contents);
  await build({
    ...COMMON,
    entryPoints: { 'service-worker': 'src/service-worker.ts' },
    entryNames: '[name]',
    outdir: DIST,
    define: {
      INKLING_BUILD: JSON.stringify({
        id,
        // The page is asked for by its folder's name.
        files: files.map((file) => (file === 'index.html' ? './' : file)),
      }),
    },
  });
}

async function listFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll(sep, '/'));
}

/** Eight letters, as in the names that esbuild makes. */
function hash(...parts) {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest('hex').slice(0, 8).toUpperCase();
}
