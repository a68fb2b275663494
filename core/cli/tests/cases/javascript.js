const cache = new Map();

export async function fetchJson(url) {
  if (cache.has(url)) {
    return cache.get(url);
  }
  const response = await fetch(url);
  $0
  cache.set(url, data);
  return data;
}
