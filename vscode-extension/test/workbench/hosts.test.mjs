// Other surroundings: the extension host in the browser, and folders that are not trusted.
import { test } from 'node:test';
import { Workbench } from './workbench.mjs';

const code = { 'stack.py': 'class Stack:\n    def __init__(self):\n        self.items = []\n' };

/** The folder would like another model and another program. */
const wishes = {
  '.vscode/settings.json': JSON.stringify({ 'inkling.model': '/no/such.gguf' }),
};

const trust = (trusted) => ({
  'security.workspace.trust.enabled': !trusted,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'security.workspace.trust.untrustedFiles': 'open',
});

function visit(name, options, steps) {
  test(name, async () => {
    const workbench = await Workbench.open(options);
    try {
      await steps(workbench);
    } finally {
      await workbench.close();
    }
  });
}

async function getsGhostText(workbench) {
  await workbench.edit('stack.py');
  await workbench.untilStatus(/suggesting/);
  await workbench.type('\n    def push(self, item):\nself.items.');
  await workbench.nextGhostText();
}

const web = { 'remote.extensionKind': { 'inkling.inkling-vscode': ['web'] } };
visit('in a browser the core runs in a Web Worker', { files: code, settings: web }, async (workbench) => {
  await getsGhostText(workbench);
  await workbench.command('Developer: Show Running Extensions');
  const row = workbench.page.locator('.extension', { hasText: 'Inkling' });
  await row.getByText('web worker').waitFor();
  await workbench.screenshot('web');
});

visit('an untrusted folder does not choose the model', { files: { ...code, ...wishes }, settings: trust(false) }, getsGhostText);

visit('a trusted one does', { files: { ...code, ...wishes }, settings: trust(true) }, async (workbench) => {
  await workbench.edit('stack.py');
  await workbench.untilStatus(/cannot open \/no\/such\.gguf/);
});
