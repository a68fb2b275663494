/** A message without what tells of the user: addresses, and whatever looks like the path of a file. */
export function redacted(message: string): string {
  return message
    .replace(/\b[a-z][\w+.-]*:\/\/[^\s"'`)]+/gi, '<address>')
    .replace(/[^\s"'`(<]*[\\/][^\s:;,"'`)]+(?: [^\s:;,"'`)\\/]*[\\/][^\s:;,"'`)]+)*/g, '<path>');
}
