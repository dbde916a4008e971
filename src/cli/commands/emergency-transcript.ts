import { execFileSync } from 'node:child_process'
import { appendFileSync, closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'

const MKFIFO = '/usr/bin/mkfifo'
const SCRIPT = '/usr/bin/script'
const SETPRIV = '/usr/bin/setpriv'

/** What is written down at the latest, so that a screen without line ends does not stay in memory. */
const MOST_HELD_BYTES = 64 * 1024

export interface Transcript {
  /** Where whoever records writes what is shown. */
  readonly pipe: string
  /** Everything that was shown is on the disk, without the secrets in it. */
  readonly written: Promise<void>
  /** Nobody will write any more, or nobody ever did. */
  end(): void
}

/** Why there cannot be one; undefined when there can. */
export function whyNoTranscript(): string | undefined {
  const missing = [SCRIPT, MKFIFO].filter((program) => !existsSync(program))
  return missing.length === 0 ? undefined : `${missing.join(' and ')} is not installed`
}

/** The words that start who records. The kernel ends it with this process, and with it the shell it has opened. */
export function recorderOf(command: string, pipe: string): string[] {
  const words = [SCRIPT, '-q', '-e', '-f', '-c', command, pipe]
  // of the same package as script; without it the session ends with the next thing that is shown
  return existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--', ...words] : words
}

/**
 * Keeps what is shown, line by line and with secrets masked, in a file of the owner's alone. It comes through a pipe that
 * only this process reads: when this process ends, whoever records can write no more, and the session ends with it.
 */
export function openTranscript(path: string, redact: (text: string) => string): Transcript {
  const pipe = `${path}.pipe`
  execFileSync(MKFIFO, ['-m', '600', pipe])
  closeSync(openSync(path, 'wx', 0o600))
  // both ends, so that opening waits for nobody; the writing one is given up once the recorder has its own
  const held = openSync(pipe, 'r+')
  const written = copyLines(pipe, (text) => appendFileSync(path, redact(text)))
  return {
    pipe,
    written: written.finally(() => rmSync(pipe, { force: true })),
    end: () => closeSync(held),
  }
}

/** Whole lines: a secret that came in two parts is one all the same. */
async function copyLines(from: string, keep: (text: string) => void): Promise<void> {
  await using file = await open(from, 'r')
  let held = Buffer.alloc(0)
  for await (const chunk of file.createReadStream({ autoClose: false })) {
    held = Buffer.concat([held, chunk as Buffer])
    const end = held.length > MOST_HELD_BYTES ? held.length : held.lastIndexOf(10) + 1
    if (end === 0) continue
    keep(held.toString('utf8', 0, end))
    held = Buffer.from(held.subarray(end))
  }
  if (held.length > 0) keep(held.toString('utf8'))
}
