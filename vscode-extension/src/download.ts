import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Download } from './platform';

/** A file that is still incomplete. */
const PART = '.part';

/** Goes on where an earlier attempt stopped, where the server knows ranges. */
export const download: Download = async (url, folder, progress, signal) => {
  const path = join(folder, fileName(url));
  if (await size(path)) return path;
  await mkdir(folder, { recursive: true });
  const had = await size(path + PART);
  const response = await fetch(url, { signal, headers: had > 0 ? { range: `bytes=${had}-` } : {} });
  if (response.status !== 416) await append(response, path + PART, had, progress, signal);
  await rename(path + PART, path);
  return path;
};

async function append(
  response: Response,
  part: string,
  had: number,
  progress: (bytes: number, total: number | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!response.ok || !response.body) throw new Error(`the server answers ${response.status} ${response.statusText}`);
  const goesOn = response.status === 206;
  let bytes = goesOn ? had : 0;
  const length = Number(response.headers.get('content-length')) || undefined;
  const total = length && bytes + length;
  const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
  body.on('data', (chunk: Uint8Array) => progress((bytes += chunk.length), total));
  await pipeline(body, createWriteStream(part, { flags: goesOn ? 'a' : 'w' }), { signal });
  if (total !== undefined && bytes !== total) throw new Error(`it ended after ${bytes} of ${total} bytes; try again`);
}

/** The last part of the address, fit for every file system. */
function fileName(url: string): string {
  const name = decodeURIComponent(new URL(url).pathname.split('/').pop() ?? '').replace(/[^\w.-]/g, '_');
  return name.toLowerCase().endsWith('.gguf') ? name : `${name || 'model'}.gguf`;
}

const size = (path: string) => stat(path).then((file) => file.size, () => 0);
