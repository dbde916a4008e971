import { readSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Context } from './command.ts'
import { CLI_ERRORS, CliError } from './failure.ts'

const MOST_BYTES = 8192

/**
 * Secrets a person types, or a program hands over on a descriptor, one a line; never arguments, which everybody on the
 * machine can read, and never the environment, which children inherit.
 */
export class SecretInput {
  readonly #context: Context
  readonly #lines: string[] | undefined

  /** @param fromFd a descriptor this process was started with; absent: the terminal is asked */
  constructor(context: Context, fromFd: number | undefined) {
    this.#context = context
    this.#lines = fromFd === undefined ? undefined : linesOf(fromFd)
  }

  /** The next one. @throws CliError `NEEDS_ANSWER`, `STDIN_INVALID` */
  async next(prompt: string): Promise<string> {
    if (this.#lines === undefined) return await this.#ask(prompt)
    const line = this.#lines.shift()
    if (line !== undefined && line !== '') return line
    throw new CliError(CLI_ERRORS, 'STDIN_INVALID', {
      what: `the descriptor ended before: ${prompt}`,
      fix: 'write each secret on a line of its own',
    })
  }

  /** The same, typed twice, so that nobody is locked out by a slip of a finger. */
  async fresh(prompt: string): Promise<string> {
    const first = await this.next(prompt)
    if (this.#lines !== undefined || first === (await this.next(`${prompt}, once more`))) return first
    throw new CliError(CLI_ERRORS, 'DECLINED', { what: 'the two are not the same', fix: 'type them again' })
  }

  async #ask(prompt: string): Promise<string> {
    if (!this.#context.canAsk) {
      throw new CliError(CLI_ERRORS, 'NEEDS_ANSWER', {
        what: `this must be asked for at a terminal: ${prompt}`,
        fix: 'in a script: --from-fd 0, with the secret on standard input',
      })
    }
    // what is typed is shown nowhere; asked only once the terminal has stopped to show it by itself
    const output = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input: process.stdin, output, terminal: true })
    process.stderr.write(`${prompt}: `)
    try {
      return await lines.question('')
    } finally {
      lines.close()
      process.stderr.write('\n')
    }
  }
}

function linesOf(fd: number): string[] {
  const bytes = Buffer.alloc(MOST_BYTES)
  let size = 0
  for (;;) {
    const read = readSome(fd, bytes, size)
    if (read === 0) break
    size += read
    if (size === MOST_BYTES) {
      throw new CliError(CLI_ERRORS, 'STDIN_INVALID', {
        what: 'the descriptor gives too much',
        fix: 'give secrets only',
      })
    }
  }
  const text = bytes.toString('utf8', 0, size)
  bytes.fill(0)
  return text.split('\n')
}

function readSome(fd: number, bytes: Buffer, at: number): number {
  for (;;) {
    try {
      return readSync(fd, bytes, at, bytes.length - at, null)
    } catch (error) {
      // a pipe whose writer is slower than we are
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
        continue
      }
      throw new CliError(CLI_ERRORS, 'STDIN_INVALID', {
        what: `descriptor ${fd} cannot be read`,
        fix: 'open it for this command, such as: 3< FILE, then --from-fd 3',
        cause: error,
      })
    }
  }
}
