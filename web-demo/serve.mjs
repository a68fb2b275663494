// Serves `dist` on this machine alone: node serve.mjs [--port N]
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sirv from 'sirv';

const { values } = parseArgs({ options: { port: { type: 'string', default: '8017' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`--port takes a number up to 65535, not ${values.port}`);

const dist = fileURLToPath(new URL('dist', import.meta.url));
if (!existsSync(dist)) fail('there is no dist folder yet; make it with `npm run build`');

const IMMUTABLE = /-[0-9A-Za-z]{8}\.\w+$/;
const files = sirv(dist, {
  etag: true,
  setHeaders: (response, path) => {
    const caching = IMMUTABLE.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
    response.setHeader('cache-control', caching);
  },
});

const server = createServer((request, response) => files(request, response));
server.on('error', (error) => {
  fail(error.code === 'EADDRINUSE' ? `port ${port} is in use; choose another one with --port` : error.message);
});
server.listen(port, '127.0.0.1', () => {
  console.log(`The playground is at http://127.0.0.1:${server.address().port}/ (Ctrl+C ends it)`);
});

function fail(message) {
  console.error(`serve: ${message}`);
  process.exit(1);
}
