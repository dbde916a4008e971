/**
 * A reader: opens what may never answer, so that the daemon does not have to. It reads one file at a time; where that takes
 * too long the daemon gives it up and starts another. Started by the daemon alone; it ends when the channel between them does.
 */
import { LookShape, type Said } from './aside-words.ts'
import { plainText } from './plain-text.ts'

const NO_DAEMON = 2
const BROKEN = 1

function say(words: Said): void {
  process.send?.(words, undefined, undefined, (error) => {
    if (error !== null) process.exit(BROKEN)
  })
}

if (process.send === undefined) {
  process.stderr.write('warder-aside: only the daemon starts this\n')
  process.exitCode = NO_DAEMON
} else {
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => undefined) // what a terminal sends is for the daemon to answer
  process.on('SIGUSR1', () => undefined) // no debugger is opened here
  process.on('message', (message) => {
    const { path, mostBytes } = LookShape.parse(message)
    say({ text: plainText(path, mostBytes) ?? null })
  })
  say({ ready: true })
}
