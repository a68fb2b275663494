// Packs `dist` and what the gallery shows into `target/inkling-vscode.vsix`: one file for every platform. With
// `--target linux-x64 --engine PATH` into `target/inkling-vscode-linux-x64.vsix`, with that program in `bin`.
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..');
const STAGE = join(ROOT, 'target/vscode-package');
const { target, engine } = parseArgs({ options: { target: { type: 'string' }, engine: { type: 'string' } } }).values;
const VSIX = join(ROOT, `target/inkling-vscode${target ? `-${target}` : ''}.vsix`);
const IMAGES = 'https://github.com/inkling-code/inkling/raw/HEAD/vscode-extension';

/** The most that an install should take: 60 MB, model included. */
const MAX_BYTES = 60e6;

const { createVSIX } = createRequire(join(process.env.INKLING_TOOLS, 'x.js'))('@vscode/vsce');

await rm(STAGE, { recursive: true, force: true });
await mkdir(STAGE, { recursive: true });
// What only building needs stays behind, and what is bundled is no dependency any more.
const { scripts, dependencies, devDependencies, private: _, ...manifest } = JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8'));
if (engine) manifest.files.push('bin');
await writeFile(join(STAGE, 'package.json'), JSON.stringify(manifest, null, 2));
for (const name of ['dist', 'media', 'l10n', 'package.nls.json', 'package.nls.zh-cn.json', 'README.md']) {
  await cp(join(HERE, name), join(STAGE, name), { recursive: true, filter: (file) => !file.endsWith('.py') });
}
for (const name of ['CHANGELOG.md', 'LICENSE', 'THIRD_PARTY_LICENSES.md']) await cp(join(ROOT, name), join(STAGE, name));
if (!target !== !engine) throw new Error('--target and --engine belong together');
if (engine) await cp(engine, join(STAGE, 'bin', target.startsWith('win32') ? 'inkling.exe' : 'inkling'));
await createVSIX({ cwd: STAGE, target, packagePath: VSIX, dependencies: false, baseImagesUrl: IMAGES, baseContentUrl: IMAGES });
const { size } = await stat(VSIX);
console.log(`${VSIX}: ${(size / 1e6).toFixed(1)} MB`);
if (size > MAX_BYTES) throw new Error(`the VSIX is over its ceiling of ${MAX_BYTES / 1e6} MB`);
