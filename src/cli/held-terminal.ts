import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** The terminal of a person while an agent has it. */
export interface HeldTerminal {
  /** Where the agent's output goes. */
  readonly output: Writable
  /** Gives it back as it was; what it still answers to the agent's questions reaches no shell. */
  release(): Promise<void>
}

/** Every key goes to the agent, Ctrl-C too; the terminal is given back however the run ends. */
export function holdTerminal(): HeldTerminal {
  const { stdin, stdout, env } = process
  stdin.setRawMode(true)
  // Node's raw mode still turns a line feed into a new line: inside that was done, and full-screen programs mean it
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
  const giveBack = (): void => void stdin.setRawMode(false)
  process.once('exit', giveBack)
  const output = new Commanding(stdout)
  return {
    output,
    release: async () => {
      if (output.hasCommanded) await settleTerminal({ input: stdin, output: stdout, kind: env['TERM'] ?? '' })
      giveBack()
    },
  }
}

/** Passes on what is printed, and remembers whether any of it was for the terminal rather than for the eye. */
class Commanding extends Writable {
  readonly #to: Writable
  hasCommanded = false

  constructor(to: Writable) {
    super()
    this.#to = to
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.hasCommanded ||= bytes.some(isCommand)
    // a terminal that went away is no reason to end the run by an error
    if (this.#to.destroyed || !this.#to.writable) done()
    else this.#to.write(bytes, () => done())
  }
}

/** ESC, ENQ, the other character sets, and the one-byte commands of ECMA-48 with what begins them in UTF-8. */
function isCommand(byte: number): boolean {
  return byte === 0x1b || byte === 0x05 || byte === 0x0e || (byte >= 0x80 && byte <= 0x9f) || byte === 0xc2
}

export interface SettleOptions {
  readonly input: Readable
  readonly output: Writable
  /** `TERM`: what is asked and reset depends on it. */
  readonly kind: string
  /** So long an answer is waited for. */
  readonly deadlineMs?: number
}

const DEADLINE_MS = 1000
/** After the answer that every terminal gives, one that could be told from others may still come. */
const QUIET_MS = 60

/**
 * Takes in what the terminal answers to questions the agent printed just before its end, which would else be typed into
 * the shell that reads next; then takes back what makes a terminal unusable or hides what is printed on it. A question
 * of ours is asked last: terminals answer in order, and its number is one the agent could not know.
 */
export async function settleTerminal({
  input,
  output,
  kind,
  deadlineMs = DEADLINE_MS,
}: SettleOptions): Promise<void> {
  if (kind === 'dumb' || kind === '') return
  const isPlain = kind === 'linux' // the kernel's own console knows neither of these, and would show some of them
  const mode = randomInt(30_000, 60_000)
  const answered = answersOn(input, mode)
  output.write(`${isPlain ? '' : `\x1b[?${mode}$p`}\x1b[5n`)
  const waiting = new AbortController()
  await Promise.race([answered, sleep(deadlineMs, undefined, waiting).catch(() => undefined)])
  waiting.abort()
  input.removeAllListeners('data')
  input.pause()
  await new Promise<void>((done) => void output.write(isPlain ? PLAIN_RESET : RESET, () => done()))
}

/** Settles when our own question was answered, or one that may be the agent's and then nothing more. */
function answersOn(input: Readable, mode: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let heard = ''
  let quiet: NodeJS.Timeout | undefined
  input.on('data', (bytes: Buffer) => {
    heard = (heard + bytes.toString('latin1')).slice(-4096)
    clearTimeout(quiet)
    const own = heard.indexOf(`\x1b[?${mode};`)
    if (own >= 0 && heard.includes('\x1b[0n', own)) resolve()
    else if (heard.includes('\x1b[0n')) quiet = setTimeout(resolve, QUIET_MS)
  })
  input.resume()
  return promise
}

/** Marks of mice, pastes and focus off, the cursor shown, Latin letters, no colours; margins and modes as at the start. */
const PLAIN_RESET = '\x1b[?9;1000;1002;1003;1004;1006;2004l\x1b[?25h\x1b[?7h\x1b[4l\x1b(B\x0f\x1b[0m'
/** Back from the other screen without moving on this one, keys as they are, colours as they were; then the rest. */
const RESET = `\x1b7\x1b[?1049l\x1b[!p\x1b[>4m\x1b[=0;1u\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07${PLAIN_RESET}`
