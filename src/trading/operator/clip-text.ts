/** The beginning of a text that fits so many bytes of UTF-8, without a part of a character at its end. */
export function clipText(text: string, bytes: number): string {
  const plain = text.replaceAll('\0', '')
  const buffer = Buffer.from(plain)
  if (buffer.length <= bytes) return plain
  let end = bytes
  // Bytes of 10xxxxxx continue a character.
  while (end > 0 && (buffer[end] & 0xc0) === 0x80) end--
  return buffer.toString('utf8', 0, end)
}
