// A module of the extension, as a test imports it.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export async function load(name) {
  const entry = fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, platform: 'node', format: 'esm' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
