/** Quotes a path for a shell command: users copy commands from messages into terminals. */
export function shellQuoted(path: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
