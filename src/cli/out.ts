import { styleText } from 'node:util'
import { printable, widthOf } from './printable.ts'
import { table, type Column } from './table.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Black on bright white, and back (SGR of ECMA-48): whatever the terminal's own colours are, dark is dark. */
const PAPER = '\u001b[30;107m'
const PLAIN = '\u001b[0m'

/** A place to write to: a terminal, a pipe, or a test's list. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface OutOptions {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** false for --no-color, NO_COLOR and TERM=dumb; a pipe has none anyway. */
  readonly color: boolean
}

/**
 * Everything a command says. Results go to stdout and nothing else does; notes, warnings and questions go to stderr.
 * With --json a command prints one JSON document, or one per line where it streams, and no prose beside it.
 */
export interface Out {
  readonly isJson: boolean
  readonly isVerbose: boolean
  /** The terminal's width; undefined when stdout is not one. */
  readonly width: number | undefined
  /** The command's result: `value` with --json, `text` for people. Call it once. */
  readonly result: (value: unknown, text: string) => void
  /** A list as the result: `value` (or the rows) with --json, a table for people, `empty` when there is nothing. */
  readonly table: <Row>(
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    more?: { value?: unknown; empty?: string },
  ) => void
  /** One of many results, as they come. */
  readonly line: (value: unknown, text: string) => void
  /** Bytes of somebody else's, unchanged: the output of a run. */
  readonly raw: (bytes: Uint8Array | string) => void
  /** For a person beside the result; --quiet hides it. */
  readonly note: (text: string) => void
  readonly warn: (text: string) => void
  /** What is waited for: only where stderr is a terminal, for nobody else wonders. */
  readonly progress: (text: string) => void
  /**
   * Rows of one width as dark signs on a light ground, beside the result: only where stderr is a terminal that has
   * colours and room for them. @returns whether they were written
   */
  readonly picture: (rows: readonly string[]) => boolean
  /** Only with --verbose. */
  readonly detail: (text: string) => void
  /** An error, in whatever form was asked for. */
  readonly failure: (value: object, text: string) => void
  /** Colours a text, where stdout is a terminal that has colours. */
  readonly style: (style: Style | readonly Style[], text: string) => string
}

export function createOut(options: OutOptions): Out {
  const { stdout, stderr, json, quiet, verbose, color } = options
  const inColor = (sink: Sink): boolean => color && sink.isTTY === true
  const width = stdout.isTTY === true ? (stdout.columns ?? 80) : undefined
  const write = (sink: Sink, text: string): void => {
    sink.write(`${printable(text, { styles: inColor(sink), lines: true })}\n`)
  }
  const styled = (sink: Sink, style: Style | readonly Style[], text: string): string =>
    // the stream was looked at above, so that one rule decides for every sink
    inColor(sink) ? styleText([style].flat() as Style[], text, { validateStream: false }) : text
  const document = (value: unknown): void => void stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  const out: Out = {
    isJson: json,
    isVerbose: verbose,
    width,
    result: (value, text) => (json ? document(value) : write(stdout, text)),
    table(rows, columns, { value = rows, empty } = {}) {
      if (json) return document(value)
      if (rows.length === 0 && empty !== undefined) return out.note(empty)
      write(stdout, table(rows, columns, width))
    },
    line: (value, text) => {
      if (json) stdout.write(`${JSON.stringify(value)}\n`)
      else write(stdout, text)
    },
    raw: (bytes) => void (stdout as { write(bytes: Uint8Array | string): unknown }).write(bytes),
    note: (text) => {
      if (!quiet) write(stderr, text)
    },
    warn: (text) => write(stderr, `${styled(stderr, 'yellow', 'warning:')} ${text}`),
    progress: (text) => {
      if (!quiet && stderr.isTTY === true) write(stderr, text)
    },
    picture(rows) {
      const widest = Math.max(0, ...rows.map(widthOf))
      if (json || quiet || !inColor(stderr) || widest > (stderr.columns ?? 80)) return false
      for (const row of rows) stderr.write(`${PAPER}${printable(row)}${PLAIN}\n`)
      return true
    },
    detail: (text) => {
      if (verbose) write(stderr, text)
    },
    failure: (value, text) => (json ? document(value) : write(stderr, text)),
    style: (style, text) => styled(stdout, style, text),
  }
  return out
}

/** A time for people: local, to the second, with the zone. In JSON times are UTC (`new Date(ms).toISOString()`). */
export function localTime(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  const minutes = -date.getTimezoneOffset()
  const sign = minutes < 0 ? '-' : '+'
  const zone = `${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
  return `${day} ${time} ${zone}`
}
