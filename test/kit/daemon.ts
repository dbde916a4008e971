import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { ClientError } from '../../src/client/error.ts'
import { DAEMON_FLAGS } from '../../src/platform/entry.ts'
import { until, type House } from './house.ts'

export interface DaemonProcess {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Resolves when the kernel says that it is gone. */
  readonly ended: Promise<void>
  /** Ends it the orderly way. */
  end(): Promise<void>
}

const BUILT = fileURLToPath(new URL('../../dist/warderd.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../src/daemon/main.ts', import.meta.url))

/** Starts a daemon of the house without command line and supervisor around it: for tests that start many. */
export async function startDaemon(
  t: { after(fn: () => void): void },
  house: House,
  args: readonly string[] = [],
): Promise<DaemonProcess> {
  const program = [...DAEMON_FLAGS, existsSync(BUILT) ? BUILT : SOURCE, '--supervised', ...args]
  const child = spawn(process.execPath, program, {
    env: house.environment,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const socket = child.stdio[3] as Duplex
  socket.on('error', () => undefined).resume()
  socket.write('{"say":"go","failures":[]}\n')
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  t.after(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => said.includes('"ready"') || child.exitCode !== null, 'the daemon is ready', 60_000)
  if (child.exitCode !== null) throw new Error(`the daemon did not start:\n${said}`)
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal)
  return {
    pid: child.pid ?? 0,
    kill,
    ended,
    end: () => {
      kill('SIGTERM')
      return ended
    },
  }
}

const ALREADY_RUNS = 5 // the exit code of a daemon that finds another one in its place

/**
 * Makes sure that a daemon and its supervisor run, as a command does that finds none, but without the command: a
 * whole Node saved at each start.
 *
 * @param settings as arguments: `--set=key=value`
 * @param ask any request; it fails with `DAEMON_UNREACHABLE` while nobody listens
 */
export async function ensureDaemon(
  house: House,
  settings: readonly string[],
  ask: () => Promise<unknown>,
  environment: Readonly<Record<string, string | undefined>> = house.environment,
): Promise<void> {
  const answers = async (): Promise<boolean> => {
    try {
      await ask()
      return true
    } catch (error) {
      if (error instanceof ClientError && error.code === 'DAEMON_UNREACHABLE') return false
      throw error
    }
  }
  if (await answers()) return
  const directory = join(house.runtime, 'warder')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const log = join(directory, 'daemon.log')
  const logFd = openSync(log, 'a', 0o600)
  const program = [...DAEMON_FLAGS, existsSync(BUILT) ? BUILT : SOURCE, ...settings]
  const child = spawn(process.execPath, program, {
    detached: true,
    cwd: '/',
    env: environment,
    stdio: ['ignore', logFd, logFd],
  })
  closeSync(logFd)
  child.unref()
  const ready = async (): Promise<boolean> => {
    if (child.exitCode !== null && child.exitCode !== ALREADY_RUNS)
      throw new Error(
        `the daemon did not start (exit ${child.exitCode}):\n${readFileSync(log, 'utf8').slice(-4000)}`,
      )
    return answers()
  }
  await until(ready, 'the daemon answers', 60_000)
}
