// Beside Copilot: an extension with its setting, which is all that ours looks at. Of its name an editor makes more.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.mjs';

const COPILOT = {
  publisher: 'beside',
  name: 'another',
  version: '1.0.0',
  engines: { vscode: '^1.91.0' },
  extensionKind: ['workspace'],
  contributes: {
    configuration: { properties: { 'github.copilot.enable': { type: 'object', default: { '*': true, plaintext: false } } } },
  },
};

let workbench;

before(async () => {
  workbench = await Workbench.open({ files: { 'a.py': 'x = 1\n' }, others: [COPILOT] });
});

after(() => workbench?.close());

const notice = () => workbench.page.locator('.notification-toast', { hasText: 'Copilot and Inkling both suggest' });

test('whoever has Copilot too is told once, and can turn off its suggestions', async () => {
  await notice().waitFor();
  await workbench.screenshot('copilot');
  await notice().getByRole('button', { name: 'Turn Off Copilot' }).click();
  const saved = () => readFile(join(workbench.home, 'data/User/settings.json'), 'utf8').then(JSON.parse);
  await workbench.until(async () => 'github.copilot.enable' in (await saved()), 'the setting');
  assert.deepEqual((await saved())['github.copilot.enable'], { '*': false, plaintext: false });
});

test('nothing is said again, although both are on', async () => {
  await workbench.set({});
  await workbench.page.reload();
  await workbench.page.locator('.monaco-workbench').waitFor();
  await workbench.edit('a.py');
  await workbench.untilStatus(/suggesting/);
  assert.equal(await notice().count(), 0);
});
