import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const { BackOff } = await load('back-off.ts');

test('waits longer after each crash, and gives up at last', () => {
  const backOff = new BackOff();
  const waits = Array.from({ length: 6 }, () => backOff.afterCrash(100));
  assert.deepEqual(waits, [500, 2_000, 8_000, 30_000, undefined, undefined]);
  backOff.reset();
  assert.equal(backOff.afterCrash(100), 500);
});

test('a core that has lived for a while starts again at once', () => {
  const backOff = new BackOff();
  backOff.afterCrash(100);
  backOff.afterCrash(100);
  assert.equal(backOff.afterCrash(60_000), 500);
  assert.equal(backOff.afterCrash(100), 2_000);
});
