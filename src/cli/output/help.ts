/** How wide help is where nobody says how wide it may be, and at most: longer lines are hard to read. In characters. */
const WIDTH = 100

/** Characters of a line of help. */
export function helpWidth(): number {
  return Math.min(process.stdout.columns || WIDTH, WIDTH)
}

/** A text for commander's addHelpText, its paragraphs wrapped as commander wraps the options. What is indented, such as examples, stays. */
export function wrapped(text: string): () => string {
  return () =>
    text
      .split('\n\n')
      .map(paragraph => (/^\s+\S/m.test(paragraph.trimStart()) ? paragraph : wrap(paragraph, helpWidth())))
      .join('\n\n')
}

/** The blank lines around it stay too. */
function wrap(paragraph: string, width: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.trim().split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  const blank = /^\s*/.exec(paragraph)?.[0] ?? ''
  return blank + [...lines, line].join('\n')
}
