/** The default and maximum width of help, in characters: longer lines are hard to read. */
const WIDTH = 100

/** The width of a line of help in characters. */
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
