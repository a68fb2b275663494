// Every text that a user sees is there in every language.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const at = (path) => new URL(`../../${path}`, import.meta.url);
const json = (path) => JSON.parse(readFileSync(at(path), 'utf8'));
const sorted = (texts) => [...new Set(texts)].sort();

test('the texts of the code are translated, and no others', () => {
  const sources = readdirSync(at('src/')).filter((name) => name.endsWith('.ts'));
  const texts = sources.flatMap((name) =>
    [...readFileSync(at(`src/${name}`), 'utf8').matchAll(/l10n\.t\(\s*'([^']*)'/g)].map(([, text]) => text),
  );
  const translations = json('l10n/bundle.l10n.zh-cn.json');
  assert.deepEqual(sorted(Object.keys(translations)), sorted(texts));
  for (const [text, translation] of Object.entries(translations)) {
    const places = (of) => sorted(of.match(/\{\d\}/g) ?? []);
    assert.deepEqual(places(translation), places(text), text);
  }
});

test('the texts of the manifest are there in both languages, and no others', () => {
  const names = [...readFileSync(at('package.json'), 'utf8').matchAll(/"%([\w.]+)%"/g)].map(([, name]) => name);
  assert.deepEqual(sorted(Object.keys(json('package.nls.json'))), sorted(names));
  assert.deepEqual(sorted(Object.keys(json('package.nls.zh-cn.json'))), sorted(names));
});
