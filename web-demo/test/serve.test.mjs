import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SERVE = fileURLToPath(new URL('../serve.mjs', import.meta.url));

test('serves on this machine alone, in ranges, and says where', async () => {
  const { child, address } = await serve('0');
  try {
    assert.equal(new URL(address).hostname, '127.0.0.1');
    const page = await fetch(address);
    assert.match(await page.text(), /<title>Inkling playground<\/title>/);
    assert.equal(page.headers.get('cross-origin-opener-policy'), null);
    const part = await fetch(address, { headers: { range: 'bytes=0-14' } });
    assert.equal(part.status, 206);
    assert.equal(await part.text(), '<!doctype html>');
  } finally {
    child.kill();
  }
});

test('a busy port and a port that is none are said so', async () => {
  const { child, address } = await serve('0');
  try {
    const { port } = new URL(address);
    assert.deepEqual(await failure(port), [1, `serve: port ${port} is in use; choose another one with --port\n`]);
    assert.deepEqual(await failure('x'), [1, 'serve: --port takes a number up to 65535, not x\n']);
  } finally {
    child.kill();
  }
});

async function serve(port) {
  const child = spawn(process.execPath, [SERVE, '--port', port]);
  const [line] = await once(child.stdout, 'data');
  return { child, address: /http:\S+/.exec(String(line))[0] };
}

async function failure(port) {
  const child = spawn(process.execPath, [SERVE, '--port', port]);
  let message = '';
  child.stderr.on('data', (data) => (message += data));
  const [code] = await once(child, 'close');
  return [code, message];
}
