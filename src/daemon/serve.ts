import { homedir } from 'node:os'
import { systemClock } from '../platform/clock.ts'
import { ambient, loadConfig, profileBanner } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { runDaemon } from './daemon.ts'
import { PLAIN_LOG, type OwnLog } from './failing.ts'
import { redactorOfProcess } from './redaction.ts'
import { takenBySupervisor } from './secrets-environment.ts'
import type { Supervised } from './supervised.ts'

export interface ServeOptions {
  readonly watch: Supervised
  /** Hides secrets from here on. */
  readonly own: OwnLog
}

/** Reads the configuration and runs until told to end. */
export async function serve(words: readonly string[], { watch, own }: ServeOptions): Promise<void> {
  const { args, taken } = takenBySupervisor(words)
  const redact = redactorOfProcess()
  own.log = createLog({ ...PLAIN_LOG, redact })
  const flags = Object.fromEntries(
    args.map((word) => /^--set=([^=]+)=(.*)$/s.exec(word)?.slice(1) ?? [word, '']),
  )
  const { env, cwd } = ambient()
  const config = await loadConfig({ env, flags, cwd, home: homedir() })
  const log = createLog({ ...PLAIN_LOG, level: config.values['log.level'], redact })
  const banner = profileBanner(config)
  if (banner !== undefined) log.warn(banner)
  await runDaemon({ config, log, clock: systemClock, home: homedir(), environment: env, taken, watch })
}
