declare const self: ServiceWorkerGlobalScope;

// The playground without a network: this build's files, cached when it is installed, answered from
// there ever after. A new build has a new cache and takes over once the old one's tabs are closed.

// Other copies may live under other paths of the same origin; each cleans up after itself alone.
const PREFIX = `inkling ${self.registration.scope} `;
const CACHE = PREFIX + INKLING_BUILD.id;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(self.registration.scope)) {
    event.respondWith(answer(event.request));
  }
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(INKLING_BUILD.files.map((file) => store(cache, file)));
}

/** Names with a hash never change, so the last build's copy will do. */
async function store(cache: Cache, file: string): Promise<void> {
  const url = new URL(file, self.registration.scope).href;
  const hashed = /-[0-9A-Za-z]{8}\.\w+$/.test(file);
  const known = hashed ? await caches.match(url) : undefined;
  const response = known ?? (await fetch(url, { cache: hashed ? 'default' : 'reload' }));
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  await cache.put(url, response);
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const key = request.mode === 'navigate' ? self.registration.scope : request;
  const cached = await cache.match(key, { ignoreSearch: true });
  if (!cached) return fetch(request);
  const range = request.headers.get('range');
  return range ? slice(cached, range) : cached;
}

/** Model files are read in ranges (RFC 9110, section 14), which a cache does not cut by itself. */
async function slice(whole: Response, range: string): Promise<Response> {
  const blob = await whole.blob();
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  const first = from ? Number(from) : Math.max(0, blob.size - Number(to));
  const last = from && to ? Math.min(Number(to), blob.size - 1) : blob.size - 1;
  if ((!from && !to) || first > last) {
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${blob.size}` } });
  }
  return new Response(blob.slice(first, last + 1), {
    status: 206,
    headers: {
      'accept-ranges': 'bytes',
      'content-length': String(last - first + 1),
      'content-range': `bytes ${first}-${last}/${blob.size}`,
      'content-type': whole.headers.get('content-type') ?? 'application/octet-stream',
    },
  });
}
