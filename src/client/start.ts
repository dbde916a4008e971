import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DAEMON_FLAGS, entryPoint } from '../platform/entry.ts'
import { ensurePrivateDirectory } from '../platform/files.ts'
import { clientError, ClientError } from './error.ts'
import { KINDS } from '../core/error.ts'

export interface StartOptions {
  readonly runtimeDirectory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly arguments: readonly string[]
  /** Succeeds once a daemon answers and has proved itself. */
  readonly tryOnce: () => Promise<void>
}

const WAIT_MS = 15_000
const RETRY_MS = 25

/** The log of a daemon that a command started. */
export function daemonLogPath(runtimeDirectory: string): string {
  return join(runtimeDirectory, 'daemon.log')
}

/**
 * Makes sure a daemon answers: tries, starts one when none does, and waits. Two commands that do so at once end up
 * with one daemon, for the second one to start finds the lock taken and ends.
 *
 * @throws ClientError `DAEMON_UNREACHABLE` with the last lines of its log
 */
export async function ensureDaemon(options: StartOptions): Promise<'found' | 'started'> {
  if (await answers(options)) return 'found'
  ensurePrivateDirectory(options.runtimeDirectory)
  const logPath = daemonLogPath(options.runtimeDirectory)
  const logFd = openSync(logPath, 'a', 0o600)
  const child = spawn(process.execPath, daemonArguments(options.arguments), {
    detached: true,
    cwd: '/',
    env: { ...options.environment },
    stdio: ['ignore', logFd, logFd],
  })
  closeSync(logFd)
  let ended: string | undefined
  let wasSecond = false
  child.once('error', (error) => (ended = error.message))
  child.once('exit', (code) => {
    ended = `it exited with ${code}`
    // another command's daemon was faster, and will answer once it has read its ledger
    wasSecond = code === KINDS.conflict.exit && isListening(options.runtimeDirectory)
  })
  child.unref()
  for (let waited = 0; waited < WAIT_MS; waited += RETRY_MS) {
    await new Promise((done) => setTimeout(done, RETRY_MS))
    if (await answers(options)) return 'started'
    if (ended !== undefined && !wasSecond) break
  }
  throw clientError('DAEMON_UNREACHABLE', {
    what: `the daemon did not start${ended === undefined ? ` within ${WAIT_MS / 1000} s` : `: ${ended}`}${lastLines(logPath)}`,
    fix: 'warder doctor',
    where: logPath,
  })
}

/** How a daemon is run: this Node, made unable to turn text into code, or to open a debugger at a signal. */
export function daemonArguments(args: readonly string[]): string[] {
  return [...DAEMON_FLAGS, fileURLToPath(entryPoint('warderd')), ...args]
}

/** Whether the holder of the lock is a daemon, and not a program with a whole Warder in it, which answers nobody. */
function isListening(runtimeDirectory: string): boolean {
  try {
    const holder = JSON.parse(readFileSync(join(runtimeDirectory, 'daemon.json'), 'utf8')) as object
    return !('listens' in holder) || holder.listens === true
  } catch {
    return true
  }
}

async function answers({ tryOnce }: StartOptions): Promise<boolean> {
  try {
    await tryOnce()
    return true
  } catch (error) {
    if (error instanceof ClientError && error.code === 'DAEMON_UNREACHABLE') return false
    throw error
  }
}

function lastLines(path: string): string {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-3)
  const messages = lines.map((line) => {
    try {
      const { message, error } = JSON.parse(line) as { message?: string; error?: string }
      return [message, error].filter(Boolean).join(': ')
    } catch {
      return line
    }
  })
  return `\n  ${messages.join('\n  ')}`
}
