import { spawn } from 'node:child_process';

/** Bytes of a dying engine's last words that are kept. */
const MAX_LAST_WORDS = 2_000;

/** What starts a program's engine for the core; the engine ends by itself when this thread or process is gone. */
export const engineStarter = (command: string) => (receive: (bytes: Uint8Array) => void, ended: (reason: string) => void) => {
  const child = spawn(command, ['engine'], { stdio: 'pipe', windowsHide: true });
  let lastWords = '';
  child.stderr.on('data', (text) => (lastWords = (lastWords + text).slice(-MAX_LAST_WORDS)));
  child.stdout.on('data', receive);
  child.on('error', ({ message }) => ended(message));
  child.on('close', (code, signal) => {
    ended([`it ended (${signal ?? `status ${code}`})`, lastWords.trim()].filter(Boolean).join(': '));
  });
  // A pipe that breaks is heard as the engine's end.
  child.stdin.on('error', () => undefined);
  return { post: (bytes: Uint8Array) => void child.stdin.write(bytes), kill: () => void child.kill('SIGKILL') };
};
