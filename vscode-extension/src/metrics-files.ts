import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricsFiles } from '../../web-demo/pkg/inkling_wasm.js';

/** Where the core keeps what becomes of suggestions: two files in a folder, which are made with the first event. */
export function metricsFiles(folder: string): MetricsFiles {
  const [current, older] = [join(folder, 'metrics.log'), join(folder, 'metrics.1.log')];
  return {
    append(bytes, maxBytes) {
      mkdirSync(folder, { recursive: true });
      appendFileSync(current, bytes);
      // Another window may have moved the file in between.
      ifThere(() => statSync(current).size >= maxBytes && renameSync(current, older));
    },
    read: () => Buffer.concat([older, current].map((file) => ifThere(() => readFileSync(file)) ?? Buffer.of())),
  };
}

function ifThere<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
