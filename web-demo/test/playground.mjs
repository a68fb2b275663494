// The playground in a real browser, as a user sees it: what is on the screen, and keys.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sirv from 'sirv';

export const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

/** Static hosts put pages under paths of their own. */
const BASE = '/some/where/';

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Long enough for a machine that is busy with something else. */
const PATIENCE_MS = 120_000;

/** Serves `dist` under a path, on a free port; `close` ends open connections too. */
export async function serveDist() {
  const files = sirv(DIST);
  const server = createServer((request, response) => {
    if (!request.url.startsWith(BASE)) return response.writeHead(404).end();
    request.url = request.url.slice(BASE.length - 1);
    files(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}${BASE}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export function launchBrowser(...more) {
  const executablePath = process.env.INKLING_CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: [...CHROMIUM_ARGS, ...more] });
}

/** A page of the playground, with what a user does and sees. */
export class Playground {
  /** Whatever went wrong in the page, and every address that it asked for. */
  errors = [];
  requests = [];

  static async open(browser, url, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const playground = new Playground(await context.newPage());
    await playground.page.goto(url);
    return playground;
  }

  constructor(page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()));
    page.on('request', (request) => this.requests.push(request.url()));
  }

  close() {
    return this.page.context().close();
  }

  /** The code in the editor as far as it is on the screen, without the ghost text. */
  code() {
    return this.page.evaluate(() => {
      const lines = [...document.querySelectorAll('#editor .view-lines > .view-line')];
      const top = (line) => Number.parseFloat(line.style.top);
      const text = (line) => {
        const copy = line.cloneNode(true);
        for (const ghost of copy.querySelectorAll('.ghost-text-decoration, .ghost-text')) ghost.remove();
        return copy.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
      };
      return lines.sort((a, b) => top(a) - top(b)).map(text).join('\n');
    });
  }

  /** The ghost text on the screen; empty where there is none. */
  ghostText() {
    return this.page.evaluate(() => {
      const text = (element) => element.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
      const inline = [...document.querySelectorAll('#editor .view-line .ghost-text-decoration')].map(text).join('');
      const below = [...document.querySelectorAll('#editor .suggest-preview-text .view-line')].map(text);
      return [inline, ...below].join('\n');
    });
  }

  /** Waits for ghost text other than `before` and for the glass box to be about it. */
  async nextGhostText(before = '') {
    await this.until(async () => {
      const text = await this.ghostText();
      return text !== '' && text !== before;
    }, 'ghost text');
    return this.ghostText();
  }

  /** What a panel of the glass box says, but for its caption. */
  async panel(name, part) {
    await this.page.getByRole('tab', { name }).click();
    return this.shownPanel(part);
  }

  shownPanel(part = '> :not(.caption)') {
    return this.page.evaluate(
      (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent).join(''),
      `#panel ${part}`,
    );
  }

  /** Puts the cursor at the end of a line that has this text. */
  async clickAfter(text) {
    await this.page.locator('#editor .view-line', { hasText: text }).first().click();
    await this.page.keyboard.press('End');
  }

  /** The notices on the screen. */
  notice() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('#notices .notice p')].map((notice) => notice.textContent).join('\n'),
    );
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.type(text, { delay: 30 });
  }

  /** Drops a file on the editor. */
  async drop(name, bytes) {
    const transfer = await this.page.evaluateHandle(
      ([fileName, base64]) => {
        const data = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([data], fileName));
        return dataTransfer;
      },
      [name, Buffer.from(bytes).toString('base64')],
    );
    for (const event of ['dragover', 'drop']) {
      await this.page.dispatchEvent('#editor', event, { dataTransfer: transfer });
    }
  }

  /** Waits until `condition` holds. */
  async until(condition, what) {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
