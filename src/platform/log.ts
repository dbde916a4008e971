/** One JSON object a line, to the daemon's standard error; whoever started it decides where that goes. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>
export type Log = Readonly<Record<LogLevel, (message: string, fields?: Fields) => void>>

export interface LogOptions {
  readonly level: LogLevel
  readonly now: () => number
  readonly write: (line: string) => void
  /** Every text passes it, so that no secret reaches the log. */
  readonly redact: (text: string) => string
}

export function createLog({ level, now, write, redact }: LogOptions): Log {
  const limit = LOG_LEVELS.indexOf(level)
  const at =
    (name: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      if (LOG_LEVELS.indexOf(name) > limit) return
      const clean = Object.fromEntries(
        Object.entries(fields)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
      )
      const time = new Date(now()).toISOString()
      write(`${JSON.stringify({ time, level: name, message: redact(message), ...clean })}\n`)
    }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

/** What a bug looks like in the log: message and stack, never the values it met. */
export function bugFields(error: unknown): Fields {
  return error instanceof Error
    ? { error: error.message, stack: error.stack ?? '' }
    : { error: `thrown: ${typeof error}` }
}
