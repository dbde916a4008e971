import type { Out } from '../out.ts'
import { printable } from '../printable.ts'

const ENTER = /[\r\n]/
const ERASE = new Set(['\u007f', '\b'])
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const ESCAPE = '\u001b'
const LONGEST_LINE = 500

/** The keys of a terminal, one at a time. What is typed while nobody waits is dropped, except within a line. */
export class Keys {
  readonly #out: Out
  #waiting: ((key: string) => void) | undefined
  /** Typed faster than the line is read; undefined while no line is. */
  #ahead: string[] | undefined
  readonly #take = (chunk: Buffer): void => {
    const typed = chunk.toString('utf8')
    // an escape sequence is one key that means nothing here
    for (const key of typed.startsWith(ESCAPE) ? [ESCAPE] : Array.from(typed)) {
      if (this.#waiting !== undefined) this.#waiting(key)
      else this.#ahead?.push(key)
    }
  }

  constructor(out: Out) {
    this.#out = out
    process.stdin.setRawMode(true)
    process.stdin.on('data', this.#take).resume()
  }

  /** The next key. @returns undefined when the signal came first */
  next(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      const done = (key: string | undefined): void => {
        this.#waiting = undefined
        signal.removeEventListener('abort', gone)
        resolve(key)
      }
      const gone = (): void => done(undefined)
      if (signal.aborted) return resolve(undefined)
      const ahead = this.#ahead?.shift()
      if (ahead !== undefined) return resolve(ahead)
      signal.addEventListener('abort', gone, { once: true })
      this.#waiting = done
    })
  }

  /** A line, echoed as it is typed. @returns undefined when it was given up with Esc or Ctrl-C, or the signal came first */
  async line(prompt: string, signal: AbortSignal): Promise<string | undefined> {
    this.#out.raw(printable(prompt))
    this.#ahead = []
    try {
      return await this.#line(signal)
    } finally {
      this.#ahead = undefined
    }
  }

  /** A line that is shown nowhere. @returns '' when it was given up, or the signal came first */
  async secret(prompt: string, signal: AbortSignal): Promise<string> {
    this.#out.raw(printable(prompt))
    this.#ahead = []
    try {
      return (await this.#line(signal, () => undefined)) ?? ''
    } finally {
      this.#ahead = undefined
    }
  }

  async #line(
    signal: AbortSignal,
    echo: (text: string) => void = (text) => this.#out.raw(text),
  ): Promise<string | undefined> {
    let line = ''
    for (;;) {
      const key = await this.next(signal)
      if (key === undefined || key === ESCAPE || isEnd(key)) {
        this.#out.raw('\r\n')
        return undefined
      }
      if (ENTER.test(key)) {
        this.#out.raw('\r\n')
        return line
      }
      if (ERASE.has(key)) {
        if (line !== '') echo('\b \b')
        line = Array.from(line).slice(0, -1).join('')
      } else if (printable(key) === key && line.length < LONGEST_LINE) {
        line += key
        echo(key)
      }
    }
  }

  close(): void {
    process.stdin.off('data', this.#take)
    process.stdin.setRawMode(false)
    process.stdin.pause()
  }
}

export function isEnd(key: string): boolean {
  return key === CTRL_C || key === CTRL_D
}
