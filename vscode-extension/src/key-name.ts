/** The name that a server's key is kept by: one for each origin, so that no other server is ever sent it. */
export function keyName(url: string): string | undefined {
  if (!/^https?:\/\/./.test(url.trim()) || !URL.canParse(url.trim())) return undefined;
  return `inkling.endpoint.key ${new URL(url.trim()).origin}`;
}
