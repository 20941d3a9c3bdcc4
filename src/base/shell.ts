/** A path as a shell command takes it: text of messages is copied into terminals. */
export function shellQuoted(path: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
