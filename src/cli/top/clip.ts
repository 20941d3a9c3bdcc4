/** A style, or one character. */
// oxlint-disable-next-line no-control-regex
const PARTS = /\u001b\[[0-9;]*m|[\s\S]/gu

/** The first `width` characters of a line that may have styles. What was switched on is switched off at its end. */
export function clip(line: string, width: number): string {
  let clipped = ''
  let left = width
  for (const [part] of line.matchAll(PARTS)) {
    if (part.startsWith('\u001b')) clipped += part
    else if (left-- > 0) clipped += part
    // Styles behind the end are kept: they switch off what is on.
  }
  return clipped
}
