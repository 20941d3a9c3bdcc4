import { stripVTControlCharacters } from 'node:util'

/** Lines of a table, columns two spaces apart. `align` has one letter a column: l or r. The first row is the heading. */
export function table(rows: readonly (readonly string[])[], align: string): string[] {
  const widths = Array.from(align, (_, column) => Math.max(...rows.map(row => width(row[column]))))
  return rows.map(row =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(widths[column] - width(cell))
        return align[column] === 'r' ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd(),
  )
}

function width(text: string): number {
  return stripVTControlCharacters(text).length
}
