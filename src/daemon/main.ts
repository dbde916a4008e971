import { homedir } from 'node:os'
import { messageOf, KnownError, KINDS } from '../core/error.ts'
import { systemClock } from '../platform/clock.ts'
import { ambient, loadConfig, profileBanner } from '../platform/config.ts'
import { bugFields, createLog, type Log } from '../platform/log.ts'
import { redactSecrets } from '../record/audit/index.ts'
import { runDaemon } from './daemon.ts'

/** Where `warderd` starts: reads the configuration, runs until told to end, and says why when it cannot. */
const write = (line: string): void => void process.stderr.write(line)
const plainLog = createLog({ level: 'info', now: systemClock.now, write, redact: redactSecrets })

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
// an error nobody caught leaves nothing we could be sure of: end, and with us every sandbox ends
process.on('uncaughtException', (error) => {
  fail(plainLog, error)
  process.exit(1)
})

try {
  const flags = Object.fromEntries(
    process.argv.slice(2).map((word) => /^--set=([^=]+)=(.*)$/s.exec(word)?.slice(1) ?? [word, '']),
  )
  const { env, cwd } = ambient()
  const config = await loadConfig({ env, flags, cwd, home: homedir() })
  const log = createLog({
    level: config.values['log.level'],
    now: systemClock.now,
    write,
    redact: redactSecrets,
  })
  const banner = profileBanner(config)
  if (banner !== undefined) log.warn(banner)
  await runDaemon({ config, log, clock: systemClock, home: homedir(), environment: env })
  process.exit() // everything is settled, signed and closed; nothing is left to wait for
} catch (error) {
  fail(plainLog, error)
  process.exit() // half a Warder must not linger
}
