// Whatever the first steps name is there: commands, settings, views and pictures.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const at = (path) => new URL(`../../${path}`, import.meta.url);
const read = (path) => readFileSync(at(path), 'utf8');
const { contributes } = JSON.parse(read('package.json'));
const texts = ['package.nls.json', 'package.nls.zh-cn.json'].map((path) => JSON.parse(read(path)));
const [{ steps }] = contributes.walkthroughs;

/** Commands of the editor itself. */
const BUILT_IN = ['workbench.action.files.newUntitledFile'];

const contributed = contributes.commands.map(({ command }) => command);
const views = Object.values(contributes.views).flatMap((group) => group.map(({ id }) => id));
const serverCommand = read('../core/lsp/src/server/metrics.rs').match(/ACCEPTED: &str = "([^"]+)"/)[1];
const commands = [...contributed, ...views.map((id) => `${id}.focus`), serverCommand];

const links = (text) => [...text.matchAll(/\]\(command:([\w.]+)[^)]*\)/g)].map(([, command]) => command);

test('every command of the manifest is registered', () => {
  const source = readdirSync(at('src/')).map((name) => read(`src/${name}`)).join('');
  const registered = [...source.matchAll(/\b(?:command\('|registerCommand\('inkling\.)(\w+)'/g)].map(([, name]) => `inkling.${name}`);
  assert.deepEqual([...contributed].sort(), registered.sort());
});

for (const { id, title, description, media, completionEvents } of steps) {
  test(`the step "${id}" has buttons that do something, in both languages the same`, () => {
    const [english, chinese] = texts.map((of) => links(of[description.slice(1, -1)]));
    assert.ok(english.length > 0);
    assert.deepEqual(chinese, english);
    for (const command of english) assert.ok([...commands, ...BUILT_IN].includes(command), command);
    for (const of of texts) assert.ok(of[title.slice(1, -1)]);
  });

  test(`the step "${id}" is done by something that can happen`, () => {
    const known = { onCommand: commands, onSettingChanged: Object.keys(contributes.configuration.properties), onView: views };
    assert.ok(completionEvents.length > 0);
    for (const event of completionEvents) {
      const [kind, name] = event.split(':');
      assert.ok(known[kind].includes(name), event);
    }
  });

  test(`the step "${id}" shows something that follows the theme and the language`, () => {
    if (media.markdown) assert.ok(existsSync(at(media.markdown.replace('.md', '.nls.zh-cn.md'))));
    else assert.match(media.altText, /^%.+%$/);
    assert.doesNotMatch(read(media.markdown ?? media.svg), /#[0-9a-f]{3,8}\b|rgb/i);
  });
}

test('keys are bound to commands that are there', () => {
  for (const { command } of contributes.keybindings) assert.ok(contributed.includes(command), command);
});
