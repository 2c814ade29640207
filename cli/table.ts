import { printable } from './printable.ts'

/** What is shown of one thing, by heading. Lists are joined by commas. */
export type Row = Readonly<Record<string, string | readonly string[] | undefined>>

/** Rows under the headings of the first, in columns; all rows have the same headings. Ends each line with a line break. */
export function tableText(rows: readonly Row[]): string {
  const [first] = rows
  if (first === undefined) return 'none\n'
  const lines = [Object.keys(first), ...rows.map((row) => Object.values(row).map(textOf))]
  const widths = Object.keys(first).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines
    .map(
      (line) =>
        `${line
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** One line for each member that is there. */
export function membersText(row: Row): string {
  const members = Object.entries(row).filter(([, value]) => value !== undefined && value.length > 0)
  const width = Math.max(0, ...members.map(([name]) => name.length))
  return members.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}\n`).join('')
}

/** For other programs: indented, with a line break at its end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function textOf(value: Row[string]): string {
  if (value === undefined || value.length === 0) return '-'
  return printable(typeof value === 'string' ? value : value.join(','))
}
