import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SaidShape } from './aside-words.ts'
import { entryPoint, HARDENED } from './entry.ts'

/** What was read; no text for what is no plain file or cannot be read; `silent` where no answer came in time. */
export type Read = { readonly text: string | undefined } | 'silent'

export interface AsideOptions {
  readonly start?: () => ChildProcess
  /** How long one file may take. */
  readonly limitMs?: number
  /** How long a reader may take to begin. */
  readonly startMs?: number
  /** A reader nobody has asked for this long ends. */
  readonly idleMs?: number
}

interface Reader {
  readonly child: ChildProcess
  readonly isReady: Promise<boolean>
  answer: (read: Read) => void
  idle?: NodeJS.Timeout
}

export const MOST_AT_ONCE = 2
/** Readers given up that the kernel has not let go yet; with so many, nothing more is tried until one is gone. */
export const MOST_STUCK = 4
const MOST_WAITING = 64

/**
 * Reads files whose file system may never answer, in processes of their own: a thread that waits for such a file cannot be
 * ended and would hold the whole program. Whoever is not answered in time is given up, and another begins.
 */
export class Aside {
  readonly #options: Required<AsideOptions>
  readonly #idle: Reader[] = []
  readonly #stuck = new Set<ChildProcess>()
  readonly #waiting: (() => void)[] = []
  #busy = 0

  constructor({ start = startReader, limitMs = 2000, startMs = 20_000, idleMs = 30_000 }: AsideOptions = {}) {
    this.#options = { start, limitMs, startMs, idleMs }
  }

  /** Never throws and always ends. Of a longer file both ends are read. */
  async read(path: string, mostBytes: number): Promise<Read> {
    if (this.#busy >= MOST_AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) return 'silent'
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    } else this.#busy += 1
    try {
      return this.#stuck.size >= MOST_STUCK ? 'silent' : await this.#ask(path, mostBytes)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#busy -= 1
      else next() // takes our place
    }
  }

  async #ask(path: string, mostBytes: number): Promise<Read> {
    const reader = this.#idle.pop() ?? this.#begin()
    clearTimeout(reader.idle)
    const { promise, resolve } = Promise.withResolvers<Read>()
    reader.answer = resolve
    const starting = setTimeout(() => resolve('silent'), this.#options.startMs)
    const isReady = await Promise.race([reader.isReady, promise.then(() => false)])
    clearTimeout(starting)
    if (isReady) reader.child.send({ path, mostBytes }, (error) => error !== null && resolve('silent'))
    const limit = setTimeout(() => resolve('silent'), this.#options.limitMs)
    const read = isReady ? await promise : 'silent'
    clearTimeout(limit)
    if (read === 'silent') this.#giveUp(reader)
    else this.#rest(reader)
    return read
  }

  #begin(): Reader {
    const child = this.#options.start()
    const { promise: isReady, resolve } = Promise.withResolvers<boolean>()
    const reader: Reader = { child, isReady, answer: () => undefined }
    const gone = (): void => {
      resolve(false)
      this.#stuck.delete(child)
      const at = this.#idle.indexOf(reader)
      if (at !== -1) this.#idle.splice(at, 1)
      reader.answer('silent')
    }
    child.once('exit', gone)
    child.once('error', gone)
    child.on('message', (message) => {
      const said = SaidShape.safeParse(message)
      if (!said.success) reader.answer('silent')
      else if ('ready' in said.data) resolve(true)
      else reader.answer({ text: said.data.text ?? undefined })
    })
    // none of them keeps the daemon from ending
    child.unref()
    child.channel?.unref()
    return reader
  }

  #giveUp({ child }: Reader): void {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    this.#stuck.add(child)
    child.kill('SIGKILL') // one that waits in the kernel ends when that lets it go
  }

  #rest(reader: Reader): void {
    this.#idle.push(reader)
    reader.idle = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(reader), 1)
      reader.child.kill()
    }, this.#options.idleMs).unref()
  }
}

/** One of our own; what it has to know it is told over its channel. */
export function startReader(): ChildProcess {
  return spawn(
    process.execPath,
    [...HARDENED, '--max-old-space-size=64', fileURLToPath(entryPoint('aside'))],
    {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'json', // what is read is passed on as plain text and nothing cleverer
      detached: true, // what a terminal sends to everybody is not for it
    },
  )
}
