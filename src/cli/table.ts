import { cutTo, printable, widthOf } from './printable.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** Numbers stand to the right. */
  readonly right?: boolean
  /** May be cut when the terminal is too narrow; a column without it is always shown whole. */
  readonly shrinks?: boolean
  /** Colours the finished cell. */
  readonly style?: (cell: string, row: Row) => string
}

const GAP = '  '
const NARROWEST = 8

/**
 * Rows under their titles, aligned by what the eye sees. Every cell is made printable first. Without a terminal
 * (`width` undefined) nothing is cut, so that scripts see everything.
 */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width?: number): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))))
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[index] ?? ''))),
  )
  if (width !== undefined) shrink(widths, columns, width)
  const lines = [
    columns.map((column, index) => pad(column.title, widths[index] ?? 0, column.right)),
    ...cells.map((line, at) =>
      columns.map((column, index) => {
        const room = widths[index] ?? 0
        const cell = pad(cutTo(line[index] ?? '', room), room, column.right)
        const row = rows[at]
        return column.style === undefined || row === undefined ? cell : column.style(cell, row)
      }),
    ),
  ]
  return lines.map((line) => line.join(GAP).trimEnd()).join('\n')
}

/** Takes from the widest column that may shrink until the line fits, or nothing more can go. */
function shrink<Row>(widths: number[], columns: readonly Column<Row>[], width: number): void {
  const total = (): number => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1))
  while (total() > width) {
    const candidates = columns
      .map((column, index) => ({ index, room: widths[index] ?? 0, shrinks: column.shrinks === true }))
      .filter(({ room, shrinks }) => shrinks && room > NARROWEST)
      .sort((a, b) => b.room - a.room)
    const widest = candidates[0]
    if (widest === undefined) return
    widths[widest.index] = widest.room - 1
  }
}

function pad(text: string, width: number, right = false): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return right ? space + text : text + space
}
