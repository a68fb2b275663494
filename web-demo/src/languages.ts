/** A language of the picker. */
export interface Language {
  /** Its id in the Language Server Protocol. */
  readonly id: string;
  /** Monaco's id, which lumps some together. */
  readonly monacoId: string;
  readonly label: string;
  readonly extensions: readonly string[];
  /** A file of `samples`, with `$0` where the cursor starts. */
  readonly sample?: string;
}

/** The languages whose syntax the core knows, then some that it completes as plain text. */
export const LANGUAGES: readonly Language[] = [
  { id: 'python', monacoId: 'python', label: 'Python', extensions: ['py', 'pyi'], sample: 'vector.py' },
  { id: 'rust', monacoId: 'rust', label: 'Rust', extensions: ['rs'], sample: 'stack.rs' },
  { id: 'typescript', monacoId: 'typescript', label: 'TypeScript', extensions: ['ts', 'mts', 'cts'], sample: 'cart.ts' },
  { id: 'typescriptreact', monacoId: 'typescript', label: 'TSX', extensions: ['tsx'], sample: 'tasks.tsx' },
  { id: 'javascript', monacoId: 'javascript', label: 'JavaScript', extensions: ['js', 'mjs', 'cjs', 'jsx'], sample: 'emitter.js' },
  { id: 'java', monacoId: 'java', label: 'Java', extensions: ['java'], sample: 'Account.java' },
  { id: 'kotlin', monacoId: 'kotlin', label: 'Kotlin', extensions: ['kt', 'kts'], sample: 'Shapes.kt' },
  { id: 'go', monacoId: 'go', label: 'Go', extensions: ['go'], sample: 'queue.go' },
  { id: 'c', monacoId: 'c', label: 'C', extensions: ['c', 'h'], sample: 'buffer.c' },
  { id: 'cpp', monacoId: 'cpp', label: 'C++', extensions: ['cpp', 'cc', 'cxx', 'hpp', 'hh'], sample: 'matrix.cpp' },
  { id: 'csharp', monacoId: 'csharp', label: 'C#', extensions: ['cs'], sample: 'Inventory.cs' },
  { id: 'markdown', monacoId: 'markdown', label: 'Markdown', extensions: ['md'] },
  { id: 'html', monacoId: 'html', label: 'HTML', extensions: ['html', 'htm'] },
  { id: 'css', monacoId: 'css', label: 'CSS', extensions: ['css'] },
  { id: 'sql', monacoId: 'sql', label: 'SQL', extensions: ['sql'] },
  { id: 'shellscript', monacoId: 'shell', label: 'Shell', extensions: ['sh', 'bash'] },
  { id: 'yaml', monacoId: 'yaml', label: 'YAML', extensions: ['yaml', 'yml'] },
];

const PLAIN_TEXT: Language = { id: 'plaintext', monacoId: 'plaintext', label: 'Plain text', extensions: [] };

/** The language of a file, by the end of its name. */
export function languageOf(path: string): Language {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return LANGUAGES.find((language) => language.extensions.includes(extension)) ?? PLAIN_TEXT;
}
