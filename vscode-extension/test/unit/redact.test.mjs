import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const { redacted } = await load('redact.ts');

for (const [message, expected] of [
  ['cannot open /home/ann/secret project/a.gguf: there is no such file', 'cannot open <path>: there is no such file'],
  ['C:\\Users\\Ann\\a.gguf: not a GGUF file', '<path>: not a GGUF file'],
  ['~/models/a.gguf: it ended after 3 bytes', '<path>: it ended after 3 bytes'],
  ['\\\\server\\share\\a.gguf is empty', '<path> is empty'],
  ['https://ann:key@example.com/v1?token=1 answers 401', '<address> answers 401'],
  ['spawn /opt/x/inkling ENOENT', 'spawn <path> ENOENT'],
  ['it ended (status 1): no driver', 'it ended (status 1): no driver'],
  ['src/secret.rs: 3 of 4 bytes', '<path>: 3 of 4 bytes'],
]) {
  test(message, () => assert.equal(redacted(message), expected));
}
