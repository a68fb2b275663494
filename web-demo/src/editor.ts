import { editor, KeyCode, KeyMod, Uri } from './monaco';
import { languageOf } from './languages';

/** Makes the editor in `host`. */
export function createEditor(host: HTMLElement): editor.IStandaloneCodeEditor {
  self.MonacoEnvironment = {
    getWorker: () => new Worker(new URL(INKLING_FILES.editorWorker, document.baseURI), { type: 'module' }),
  };
  // Monaco lets go of promises whose work it cancels, such as the sound for a suggestion that has gone.
  addEventListener('unhandledrejection', (event) => {
    if (event.reason?.name === 'Canceled') event.preventDefault();
  });
  defineThemes();
  const codeEditor = editor.create(host, {
    model: null,
    ariaLabel: 'Code; Tab accepts a suggestion, Control M lets Tab leave the editor',
    automaticLayout: true,
    dropIntoEditor: { enabled: false },
    fixedOverflowWidgets: true,
    fontFamily: getComputedStyle(host).fontFamily,
    fontSize: 14,
    lineHeight: 22,
    folding: true,
    inlineSuggest: { enabled: true, keepOnBlur: true, showToolbar: 'onHover', syntaxHighlightingEnabled: false },
    minimap: { enabled: false },
    overviewRulerLanes: 0,
    padding: { top: 16, bottom: 16 },
    quickSuggestions: false,
    renderLineHighlight: 'line',
    scrollBeyondLastLine: false,
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
    tabSize: 4,
    wordBasedSuggestions: 'off',
  });
  codeEditor.addAction({
    id: 'inkling.suggest',
    label: 'Suggest at the Cursor',
    keybindings: [KeyMod.Alt | KeyCode.Backslash],
    run: () => suggest(codeEditor),
  });
  return codeEditor;
}

/** Asks for suggestions at the cursor, as its key does: several. */
export function suggest(codeEditor: editor.IStandaloneCodeEditor): void {
  codeEditor.focus();
  codeEditor.trigger('inkling', 'editor.action.inlineSuggest.trigger', {});
}

/** Asks for one suggestion, as typing does. Monaco does so once for a file that it shows. */
export function suggestQuietly(codeEditor: editor.IStandaloneCodeEditor): void {
  codeEditor.trigger('inkling', 'editor.action.inlineSuggest.trigger', { explicit: false });
}

/** Shows the file afresh, without the suggestions of a model that has gone. */
export function refresh(codeEditor: editor.IStandaloneCodeEditor): void {
  const [model, view, focused] = [codeEditor.getModel(), codeEditor.saveViewState(), codeEditor.hasTextFocus()];
  codeEditor.setModel(null);
  codeEditor.setModel(model);
  codeEditor.restoreViewState(view);
  if (focused) codeEditor.focus();
  suggestQuietly(codeEditor);
}

/** Paints the editor in the page's theme. */
export function setTheme(theme: 'light' | 'dark'): void {
  editor.setTheme(`inkling-${theme}`);
}

/** Shows a sample as it was left; `$0` in a new one says where the cursor starts. */
export function showSample(codeEditor: editor.IStandaloneCodeEditor, name: string, text: string): void {
  const uri = fileUri('samples', name);
  const known = editor.getModel(uri);
  codeEditor.setModel(known ?? createModel(text.replace('$0', ''), uri));
  if (known) return;
  const cursor = codeEditor.getModel()?.getPositionAt(text.indexOf('$0'));
  if (!cursor) return;
  codeEditor.setPosition(cursor);
  codeEditor.revealPositionInCenterIfOutsideViewport(cursor);
}

/** Shows a file of the user's: as read just now, or as it was left. */
export function showOpened(codeEditor: editor.IStandaloneCodeEditor, name: string, text?: string): void {
  const uri = fileUri('opened', name);
  const known = editor.getModel(uri);
  if (known && text !== undefined) known.setValue(text);
  codeEditor.setModel(known ?? createModel(text ?? '', uri));
}

function fileUri(folder: string, name: string): Uri {
  return Uri.from({ scheme: 'file', path: `/${folder}/${name}` });
}

function createModel(text: string, uri: Uri): editor.ITextModel {
  return editor.createModel(text, languageOf(uri.path).monacoId, uri);
}

/** The page's inks, as far as Monaco has to be told: it paints with colours of its own. */
function defineThemes(): void {
  editor.defineTheme('inkling-light', {
    base: 'vs',
    inherit: true,
    rules: rules({
      plain: '23252f', comment: '767263', keyword: '7a2f4b', string: '47682c', number: '8a5a12', type: '1f5c73',
    }),
    colors: colors({
      sheet: '#fffdf7', ink: '#23252f', faint: '#b5ae9c', line: '#f7f3e8', select: '#dbe4f5', cursor: '#c23b22', ghost: '#6a6fa0',
    }),
  });
  editor.defineTheme('inkling-dark', {
    base: 'vs-dark',
    inherit: true,
    rules: rules({
      plain: 'e4e0d5', comment: '8b8a83', keyword: 'e39ab2', string: 'a9cc8a', number: 'e3b877', type: '86c5d8',
    }),
    colors: colors({
      sheet: '#1b1e28', ink: '#e4e0d5', faint: '#555a69', line: '#222634', select: '#33405f', cursor: '#ff7a5c', ghost: '#8d94bd',
    }),
  });
}

function rules(ink: Record<'plain' | 'comment' | 'keyword' | 'string' | 'number' | 'type', string>): editor.ITokenThemeRule[] {
  return [
    { token: '', foreground: ink.plain },
    { token: 'comment', foreground: ink.comment, fontStyle: 'italic' },
    { token: 'keyword', foreground: ink.keyword },
    { token: 'string', foreground: ink.string },
    { token: 'number', foreground: ink.number },
    { token: 'type', foreground: ink.type },
    { token: 'annotation', foreground: ink.type },
    { token: 'delimiter', foreground: ink.plain },
  ];
}

function colors(ink: Record<'sheet' | 'ink' | 'faint' | 'line' | 'select' | 'cursor' | 'ghost', string>): editor.IColors {
  return {
    'editor.background': ink.sheet,
    'editor.foreground': ink.ink,
    'editorLineNumber.foreground': ink.faint,
    'editorLineNumber.activeForeground': ink.ink,
    'editor.lineHighlightBackground': ink.line,
    'editor.lineHighlightBorder': '#00000000',
    'editor.selectionBackground': ink.select,
    'editorCursor.foreground': ink.cursor,
    'editorGhostText.foreground': ink.ghost,
    'editorBracketHighlight.foreground1': ink.ink,
    'editorBracketHighlight.foreground2': ink.ink,
    'editorBracketHighlight.foreground3': ink.ink,
    'editorIndentGuide.background1': ink.line,
    'focusBorder': '#00000000',
  };
}
