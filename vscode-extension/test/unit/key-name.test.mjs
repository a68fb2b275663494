// A key is kept for one server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const { keyName } = await load('key-name.ts');

test('a key belongs to a scheme, a host and a port', () => {
  assert.equal(keyName('https://a.example/v1'), keyName(' https://A.example:443/other/ '));
  const origins = ['https://a.example', 'http://a.example', 'https://a.example:8443', 'https://a.example.evil.com', 'https://b.example'];
  assert.equal(new Set(origins.map(keyName)).size, origins.length);
});

test('what is no address has no key', () => {
  for (const text of ['', 'localhost:8080', 'ftp://a', 'http://', 'https://a b']) assert.equal(keyName(text), undefined, text);
});
