import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
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
const FLAGS = ['--disable-proto=throw', '--disallow-code-generation-from-strings', '--disable-sigusr1']

/** Starts a daemon of the house without command line and supervisor around it: for tests that start many. */
export async function startDaemon(
  t: { after(fn: () => void): void },
  house: House,
  args: readonly string[] = [],
): Promise<DaemonProcess> {
  const program = [...FLAGS, existsSync(BUILT) ? BUILT : SOURCE, '--supervised', ...args]
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
