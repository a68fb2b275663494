import type { ModelInfo } from '../src/protocol.gen';

/** Whether a model is asked on a server, which has no file here. */
export function isServer({ fileBytes }: ModelInfo): boolean {
  return fileBytes === 0;
}
