import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { messageOf } from '../../core/error.ts'
import { findNativePrograms } from '../../enforce/sandbox/native-programs.ts'

/** Who touched a file. Without privilege the kernel does not say; then `pid` is 0. */
export interface Toucher {
  readonly pid: number
  readonly uid: number
  /** Inode of its pid namespace, by which a sandbox is known. */
  readonly pidNamespace: string
  readonly program: string
  readonly command: string
}

export interface Touch {
  readonly what: 'open' | 'write' | 'make' | 'remove' | 'attribute'
  readonly path: string
  readonly who?: Toucher
}

export interface SentryOptions {
  readonly onTouch: (touch: Touch) => void
  /** Something happened that was not told: everything has to be looked at. */
  readonly onLost: () => void
  /** What may be watched by now; asked again at each start. */
  readonly wanted: () => { readonly files: readonly string[]; readonly directories: readonly string[] }
  readonly open?: () => number
}

export interface SentryFacts {
  readonly inForce: boolean
  /** `fanotify` names who it was, `inotify` does not. */
  readonly source?: 'fanotify' | 'inotify'
  readonly why?: string
  /** What could not be watched, with the reason. */
  readonly failed: readonly string[]
}

const RESTART_MS = 500
const MOST_RESTARTS = 5
const STEADY_MS = 30_000
const LONGEST_LINE = 256 * 1024

/** Keeps the program that tells who touches files: begun when there is something to watch, and again when it ends. */
export class Sentry {
  readonly #options: SentryOptions
  readonly #failed: string[] = []
  #child: ChildProcess | undefined
  #waiting: NodeJS.Timeout | undefined
  #source: SentryFacts['source']
  #why: string | undefined = 'nothing is watched'
  #restarts = 0
  #isClosed = false
  #ready: (() => void) | undefined

  constructor(options: SentryOptions) {
    this.#options = options
  }

  facts(): SentryFacts {
    const why =
      this.#why ?? (this.#source === 'inotify' ? 'without privilege it cannot tell who it was' : undefined)
    return {
      inForce: this.#child !== undefined && this.#why === undefined,
      failed: this.#failed,
      ...(this.#source === undefined ? {} : { source: this.#source }),
      ...(why === undefined ? {} : { why }),
    }
  }

  /** Watches what is wanted now. Resolves when it does, or when it is known that it cannot. */
  async renew(): Promise<void> {
    this.#end()
    clearTimeout(this.#waiting)
    const { files, directories } = this.#options.wanted()
    this.#failed.length = 0
    if (files.length + directories.length === 0) {
      this.#why = 'nothing is watched'
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ready = resolve
    if (!this.#start()) return
    this.#order('I', String(process.pid))
    for (const path of directories) this.#order('D', path)
    for (const path of files) this.#order('O', path)
    this.#order('R', 'watched')
    const timer = setTimeout(resolve, 5000).unref()
    await promise
    clearTimeout(timer)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#waiting)
    this.#end()
  }

  #start(): boolean {
    if (this.#isClosed) return false
    try {
      const fd = (this.#options.open ?? openProgram)()
      try {
        this.#child = this.#spawn(fd)
        this.#why = undefined
        return true
      } finally {
        closeSync(fd)
      }
    } catch (error) {
      this.#why = messageOf(error)
      return false
    }
  }

  #spawn(fd: number): ChildProcess {
    const child = spawn('/proc/self/fd/3', [], {
      ...{ argv0: 'warder-sentry', stdio: ['pipe', 'pipe', 'ignore', fd], cwd: '/', env: {} },
    })
    const began = performance.now()
    child.on('error', (error) => this.#ended(child, began, messageOf(error)))
    child.on('exit', (code, signal) => this.#ended(child, began, signal ?? `exit code ${code}`))
    child.stdin?.on('error', () => undefined) // its end is told by its exit
    this.#listen(child)
    child.unref() // the daemon ends when it has nothing else to do
    for (const end of [child.stdin, child.stdout]) if (end instanceof Socket) end.unref()
    return child
  }

  #listen(child: ChildProcess): void {
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
      for (const line of lines) this.#hear(line.split('\t').map(unescaped))
    })
  }

  #hear([kind = '', ...fields]: readonly string[]): void {
    const [first = '', second = ''] = fields
    if (kind === 'source') this.#source = first === 'fanotify' ? 'fanotify' : 'inotify'
    if (kind === 'fail') this.#failed.push(`${first}: ${second}`)
    if (kind === 'ready') this.#ready?.()
    if (kind === 'lost') this.#options.onLost()
    if (kind !== 'touch') return
    const [what, path, pid, uid, pidNamespace, , program, command] = fields
    if (what === undefined || path === undefined) return
    const who = { pid: Number(pid), uid: Number(uid), pidNamespace: pidNamespace ?? '' }
    this.#options.onTouch({
      ...{ what: what as Touch['what'], path },
      ...(who.pid > 0 ? { who: { ...who, program: program ?? '', command: command ?? '' } } : {}),
    })
  }

  #order(letter: string, text: string): void {
    this.#child?.stdin?.write(`${letter}${text}\0`)
  }

  #ended(child: ChildProcess, began: number, why: string): void {
    if (this.#child !== child) return
    this.#child = undefined
    this.#why = `the program that watches ended: ${why}`
    this.#ready?.()
    if (this.#isClosed) return
    this.#options.onLost()
    this.#restarts = performance.now() - began > STEADY_MS ? 0 : this.#restarts + 1
    if (this.#restarts > MOST_RESTARTS) return // the passes go on; that it does not watch is shown
    this.#waiting = setTimeout(() => void this.renew(), RESTART_MS).unref()
  }

  #end(): void {
    const child = this.#child
    this.#child = undefined
    child?.stdin?.end()
    child?.kill('SIGKILL')
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** @throws when it was not built, or is another file */
function openProgram(): number {
  const programs = findNativePrograms(['sentry'])
  if ('missing' in programs) throw new Error(`${programs.missing}; ${programs.fix}`)
  return programs.open('sentry')
}
