import { homedir } from 'node:os'
import { KnownError, KINDS, messageOf } from '../core/error.ts'
import { systemClock } from '../platform/clock.ts'
import { bugFields, createLog, type Log } from '../platform/log.ts'
import { SUPERVISED } from './supervisor-words.ts'

/**
 * Where `warderd` starts. First as the supervisor, which starts this program once more as the daemon; each loads only
 * what it works with, so that the one that must not fail stays small.
 */
const write = (line: string): void => void process.stderr.write(line)

function fail(log: Log, error: unknown): void {
  if (error instanceof KnownError) {
    const where = error.where === undefined ? '' : ` (${error.where})`
    log.error(`${error.message}${where}`, { code: error.code, fix: error.fix })
    process.exitCode = KINDS[error.kind].exit
    return
  }
  log.error(`unexpected: ${messageOf(error)}`, bugFields(error))
  process.exitCode = 1
}

process.umask(0o077) // nothing Warder makes is for others
const [role, ...rest] = process.argv.slice(2)
// the supervisor logs nothing it was handed
const options = { level: 'info', now: systemClock.now, write, redact: (text: string) => text } as const
const late = { log: createLog(options) }
// an error nobody caught leaves nothing we could be sure of: end, and with us every sandbox ends
process.on('uncaughtException', (error) => {
  fail(late.log, error)
  process.exit(1)
})

try {
  if (role === SUPERVISED) await daemon(rest)
  else {
    const { startClean } = await import('./secrets-environment.ts')
    const { args, taken, problem } = startClean(process.argv.slice(2)) // before anything could look at our environment
    if (problem !== undefined) late.log.warn(problem)
    const { supervise } = await import('./supervisor-main.ts')
    process.exit(await supervise(args, late.log, taken))
  }
  process.exit() // everything is settled, signed and closed; nothing is left to wait for
} catch (error) {
  fail(late.log, error)
  process.exit() // half a Warder must not linger
}

/** Reads the configuration and runs until told to end. */
async function daemon(words: readonly string[]): Promise<void> {
  const { supervised } = await import('./supervised.ts')
  const watch = supervised() // first: what follows may take its time, and is watched from here
  const { guardOwnMemory } = await import('./own-memory.ts')
  guardOwnMemory({ warn: (message) => late.log.warn(message) }) // before the first key is read
  const { takenBySupervisor } = await import('./secrets-environment.ts')
  const { args, taken } = takenBySupervisor(words)
  const { redactorOfProcess } = await import('./redaction.ts')
  const redact = redactorOfProcess()
  late.log = createLog({ ...options, redact })
  const [{ ambient, loadConfig, profileBanner }, { runDaemon }] = await Promise.all([
    import('../platform/config.ts'),
    import('./daemon.ts'),
  ])
  const flags = Object.fromEntries(
    args.map((word) => /^--set=([^=]+)=(.*)$/s.exec(word)?.slice(1) ?? [word, '']),
  )
  const { env, cwd } = ambient()
  const config = await loadConfig({ env, flags, cwd, home: homedir() })
  const log = createLog({ ...options, level: config.values['log.level'], redact })
  const banner = profileBanner(config)
  if (banner !== undefined) log.warn(banner)
  await runDaemon({ config, log, clock: systemClock, home: homedir(), environment: env, taken, watch })
}
