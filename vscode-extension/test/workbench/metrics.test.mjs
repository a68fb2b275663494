// What becomes of suggestions: kept by the core, reported by the editor, shown in a panel.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.mjs';

const files = { 'vector.py': 'import math\n\n\ndef scaled(vector, factor):\n    return ' };

/** Before the end of the log: milliseconds, characters (4 bytes each) and the language's name. */
const AFTER_SOURCE = 4 + 4 + 'Python'.length;

let workbench;

before(async () => {
  workbench = await Workbench.open({ files });
  await workbench.edit('vector.py');
  await workbench.untilStatus(/suggesting/);
});

after(() => workbench?.close());

const page = () => workbench.page.frameLocator('iframe.webview.ready').frameLocator('iframe');

async function lastEvent() {
  const folder = join(workbench.home, 'data/User/globalStorage/inkling.inkling-vscode');
  const log = await readFile(join(folder, 'metrics.log')).catch(() => Buffer.alloc(AFTER_SOURCE + 2));
  return [...log.subarray(-AFTER_SOURCE - 2, -AFTER_SOURCE)];
}

test('a suggestion that Tab takes is reported by the editor and shown among the metrics', async () => {
  await workbench.command('Inkling: Suggest Now');
  await workbench.nextGhostText();
  await workbench.press('Tab');
  const [accepted, reported] = [1, 1];
  await workbench.until(async () => String(await lastEvent()) === String([accepted, reported]), 'the report');
  await workbench.command('Inkling: Show Metrics');
  const python = page().locator('tr', { hasText: 'Python' });
  await python.waitFor();
  const [shown, whole] = await python.locator('td').allTextContents();
  assert.ok(Number(shown) >= 1 && whole === '1', `${shown} shown, ${whole} taken`);
  await workbench.screenshot('metrics');
});

test('metrics that are turned off say so, and nothing more is kept', async () => {
  await workbench.setForMachine({ 'inkling.metrics.enabled': false });
  await workbench.command('Inkling: Show Metrics');
  await page().getByText('Nothing is kept now').waitFor();
  await workbench.set({ 'workbench.colorTheme': 'Default Dark Modern' });
  await workbench.command('Inkling: Show Metrics');
  await page().getByText('Nothing is kept now').waitFor();
  await workbench.screenshot('metrics-dark');
  const folder = join(workbench.home, 'data/User/globalStorage/inkling.inkling-vscode');
  const before = await readFile(join(folder, 'metrics.log'));
  await workbench.edit('vector.py');
  await workbench.type('\n\n\ndef area(width, height):\nreturn ');
  await workbench.press('Escape');
  await workbench.command('Inkling: Suggest Now');
  await workbench.nextGhostText();
  await workbench.press('Tab');
  await workbench.noGhostText();
  assert.deepEqual(await readFile(join(folder, 'metrics.log')), before);
});
