// Every shader through the browser's own compiler, which is stricter than the native one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from './playground.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** By name, as the core hands them to browsers. */
function shaders() {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-shaders-'));
  try {
    const args = ['run', '--quiet', '-p', 'inkling-kernels', '--example', 'shaders', '--', folder];
    execFileSync('cargo', args, { cwd: ROOT });
    return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In the page: what the compiler has against each of them. */
async function complaints(shaders) {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice({ requiredFeatures: ['subgroups'] });
  const found = [];
  for (const [name, code] of shaders) {
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code });
    const { messages } = await module.getCompilationInfo();
    const errors = messages.filter(({ type }) => type === 'error');
    found.push(...errors.map(({ lineNum, message }) => `${name}:${lineNum}: ${message}`));
    const error = await device.popErrorScope();
    if (error && errors.length === 0) found.push(`${name}: ${error.message}`);
  }
  return found;
}

test('every shader compiles in a browser', async () => {
  const server = createServer((_, response) => response.end('<!doctype html>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = await launchBrowser('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader');
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const all = shaders();
    assert.ok(all.length > 600, `${all.length} shaders`);
    assert.deepEqual(await page.evaluate(complaints, all), []);
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
});
