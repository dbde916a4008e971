import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { TestContext } from 'node:test'
import { isNative, openNative } from '../../src/platform/native.ts'
import { until } from './house.ts'

/** A terminal with a program in it, as a person has one. */
export interface Terminal {
  /** Everything it was sent so far. */
  screen(): string
  /** Waits until the screen shows it. @throws when it never does */
  shows(what: RegExp, timeoutMs?: number): Promise<void>
  type(text: string): void
  resize(columns: number, rows: number): void
  /** Once the program has ended. */
  readonly exit: Promise<number | null>
}

export interface TerminalOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly columns: number
  readonly rows: number
}

/** Starts a program as the first one of a terminal of its own; both are gone when the test ends. */
export function terminal(t: TestContext, argv: readonly string[], options: TerminalOptions): Terminal {
  const native = openNative()
  if (!isNative(native)) throw new Error(native.missing)
  const { master, slavePath } = native.openTerminal()
  native.resizeTerminal(master, options.columns, options.rows)
  const slave = openSync(slavePath, 'r+')
  const child: ChildProcess = spawn('setsid', ['--ctty', '--wait', ...argv], {
    cwd: options.cwd,
    env: { ...options.env, TERM: 'xterm-256color' },
    stdio: [slave, slave, slave],
  })
  let text = ''
  const screen = new ReadStream(master)
  screen.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  screen.on('error', () => undefined) // EIO once nobody holds the other end
  t.after(() => {
    child.kill('SIGKILL')
    screen.destroy()
    closeSync(slave)
  })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
  return {
    screen: () => text,
    shows: (what, timeoutMs = 60_000) =>
      until(() => what.test(text), `${what} on the screen, which shows:\n${text}`, timeoutMs),
    type: (typed) => void writeSync(master, typed),
    resize: (columns, rows) => native.resizeTerminal(master, columns, rows),
    exit,
  }
}

/** Skips a test, out loud, where there are no terminals to be had. */
export function needsTerminal(t: TestContext): boolean {
  const native = openNative()
  if (isNative(native)) return true
  t.skip(`no terminal can be opened here (${native.missing}): NOT tried`)
  return false
}
