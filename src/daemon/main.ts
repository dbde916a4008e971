import { entryPoint } from '../platform/entry.ts'
import { endWhenBroken, fail, plainLog, SUPERVISED } from './failing.ts'

/**
 * Where `warderd` starts. First as the supervisor, which starts this program once more as the daemon; each loads only
 * what it works with, so that the one that must not fail stays small.
 */
const own = plainLog()
process.umask(0o077) // nothing Warder makes is for others
endWhenBroken(own)
const [role, ...rest] = process.argv.slice(2)

try {
  if (role === SUPERVISED) {
    // a bundle of its own, with its own copy of what both need: it catches and tells its errors itself
    const { daemon } = (await import(entryPoint('daemon').href)) as typeof import('./daemon-main.ts')
    await daemon(rest)
  } else {
    const { startClean } = await import('./secrets-environment.ts')
    const { args, taken, problem } = startClean(process.argv.slice(2)) // before anything could look at our environment
    if (problem !== undefined) own.log.warn(problem)
    const { supervise } = await import('./supervisor-main.ts')
    process.exit(await supervise(args, own.log, taken))
  }
  process.exit() // everything is settled, signed and closed; nothing is left to wait for
} catch (error) {
  fail(own.log, error)
  process.exit() // half a Warder must not linger
}
