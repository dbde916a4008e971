/** What is needed of a process to guard its streams. */
export interface Speaker {
  readonly stdout: Stream
  readonly stderr: Stream
  exit(code: number): void
}

interface Stream {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
  write(text: string): unknown
}

const DONE = 0
/** The code of `unavailable` in exit.ts, which is not loaded here: the version is answered without it. */
const UNAVAILABLE = 7

/**
 * What happens when what is said arrives nowhere. `warder … | head`: who reads no further wants no more. A full disk is
 * an error and is told as one; where that cannot be told either, the exit code is left.
 */
export function guardStreams(speaker: Speaker): void {
  speaker.stdout.on('error', ({ code, message }) => {
    if (code === 'EPIPE') return speaker.exit(DONE)
    speaker.stderr.write(
      `error: standard output cannot be written: ${message}\n  fix: free some space, or let it go somewhere else; what was asked for may be done all the same\n`,
    )
    speaker.exit(UNAVAILABLE)
  })
  // nobody listens to notes and errors; the result and the exit code say what they say all the same
  speaker.stderr.on('error', () => undefined)
}
