import { KINDS, KnownError, messageOf } from '../core/error.ts'
import { systemClock } from '../platform/clock.ts'
import { bugFields, createLog, type Log } from '../platform/log.ts'

/** The argument a supervisor gives its daemon; nobody else does. */
export const SUPERVISED = '--supervised'

/** Of a log that hides nothing, because what writes it was handed nothing. */
export const PLAIN_LOG = {
  level: 'info',
  now: systemClock.now,
  write: (line: string): void => void process.stderr.write(line),
  redact: (text: string) => text,
} as const

/** The log of this process, which may become a better one while it starts. */
export interface OwnLog {
  log: Log
}

export function plainLog(): OwnLog {
  return { log: createLog(PLAIN_LOG) }
}

/** An error nobody caught leaves nothing we could be sure of: end, and with us every sandbox ends. */
export function endWhenBroken(own: OwnLog): void {
  process.removeAllListeners('uncaughtException') // of who loaded us, and would not know our errors
  process.on('uncaughtException', (error) => {
    fail(own.log, error)
    process.exit(1)
  })
}

/** Says why nothing can go on, and what to do about it; the exit code follows from its kind. */
export function fail(log: Log, error: unknown): void {
  if (error instanceof KnownError) {
    const where = error.where === undefined ? '' : ` (${error.where})`
    log.error(`${error.message}${where}`, { code: error.code, fix: error.fix })
    process.exitCode = KINDS[error.kind].exit
    return
  }
  log.error(`unexpected: ${messageOf(error)}`, bugFields(error))
  process.exitCode = 1
}
