import { homedir } from 'node:os'
import { systemClock } from '../platform/clock.ts'
import { ambient } from '../platform/config.ts'
import { COMMANDS } from './commands/index.ts'
import { openClient } from '../client/open.ts'
import { EXIT } from './exit.ts'
import { runCli } from './run.ts'
import { guardStreams } from './streams.ts'

/** Runs the command line of this process: its streams, its environment, its Ctrl-C. */
export async function runProcess(words: readonly string[]): Promise<number> {
  const interrupt = new AbortController()
  process.on('SIGINT', () => {
    // a second Ctrl-C does not wait for anybody
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    interrupt.abort()
  })
  guardStreams(process)
  const code = await runCli(words, {
    ...ambient(),
    home: homedir(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    signal: interrupt.signal,
    registry: COMMANDS,
    openClient,
  })
  if (interrupt.signal.aborted && code === EXIT.interrupted) process.exit(code)
  return code
}
