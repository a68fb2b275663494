import type { Position, Range } from 'vscode-languageserver-protocol';
import type { IRange } from './monaco';

// Both count UTF-16 code units; Monaco counts lines and columns from 1, LSP from 0.

export function toLspPosition(lineNumber: number, column: number): Position {
  return { line: lineNumber - 1, character: column - 1 };
}

export function toMonacoRange({ start, end }: Range): IRange {
  return {
    startLineNumber: start.line + 1,
    startColumn: start.character + 1,
    endLineNumber: end.line + 1,
    endColumn: end.character + 1,
  };
}
