// Takes the screenshots of the gallery's page into `media`, from the real workbench: `npm run screenshots`.
import { fileURLToPath } from 'node:url';
import { Workbench } from './workbench.mjs';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));

const files = {
  'stack.py': 'class Stack:\n    def __init__(self):\n        self.items = []\n\n    def __len__(self):\n        return len(self.items)\n',
};

const workbench = await Workbench.open({
  files,
  settings: { 'workbench.colorTheme': 'Default Dark Modern', 'editor.fontSize': 17, 'window.zoomLevel': 0.5 },
});
const shoot = async (name) => {
  // Nothing is pointed at, and what moves has come to rest.
  await workbench.page.mouse.move(560, 560);
  await workbench.page.waitForTimeout(1_000);
  await workbench.page.screenshot({ path: `${MEDIA}${name}.png` });
  console.log(`${name}.png: ${await workbench.ghostText()}`);
};

await workbench.page.setViewportSize({ width: 1120, height: 640 });
await workbench.press('ControlOrMeta+B');
await workbench.edit('stack.py');
await workbench.untilStatus(/suggesting/);
await workbench.type('\n    def push(self, item):\nself.items.');
await workbench.press('Escape');
await workbench.command('Inkling: Suggest Now');
await workbench.nextGhostText();
await shoot('ghost-text');
await workbench.command('Inkling: Show Menu');
await workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Pause' }).waitFor();
await shoot('menu');
await workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Inspect the last suggestion' }).click();
await workbench.page.frameLocator('iframe.webview.ready').frameLocator('iframe').locator('.steps li').first().waitFor();
await workbench.press('F1');
await workbench.press('Escape');
const sash = await workbench.page.locator('.part.panel').boundingBox();
await workbench.page.mouse.move(sash.x + 300, sash.y - 3);
await workbench.page.mouse.down();
await workbench.page.mouse.move(sash.x + 300, sash.y - 140, { steps: 5 });
await workbench.page.mouse.up();
await workbench.page.mouse.move(sash.x + 300, sash.y + 200);
await shoot('inspector');
await workbench.close();
