/**
 * The egress process: decides what runs may reach, and fetches it. It is a process of its own so that what strangers
 * send is read where no key of the daemon's lies. Started by the daemon alone, with an empty environment; what it needs
 * to know comes over the channel between them, and it ends when that ends.
 */
import { messageOf } from '../../core/error.ts'
import { protectProcess } from '../../platform/locked-memory.ts'
import { Batch } from './batch.ts'
import { EgressChild } from './child.ts'
import { Unanswered } from './unanswered.ts'
import type { FromEgress } from './words.ts'

const NO_DAEMON = 2
const BROKEN = 1

const unanswered = new Unanswered()
const batch = new Batch<FromEgress>(
  (words) => {
    unanswered.sent(words)
    process.send?.(words, undefined, undefined, (error) => {
      if (error !== null) process.exit(BROKEN)
    })
  },
  () => unanswered.isAny,
)

function say(words: FromEgress): void {
  if (words.say !== 'event' || words.body.kind === 'alert') batch.add(words, 'now')
  else batch.add(words, words.event === undefined ? 'later' : 'in turn')
}

function kept(events: readonly number[]): void {
  unanswered.answered(events)
  batch.goOn()
}

function begin(): void {
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => undefined) // what a terminal sends is for the daemon to answer
  process.on('SIGUSR1', () => undefined) // no debugger is opened here
  try {
    protectProcess()
  } catch (error) {
    say({ say: 'warn', message: `the egress process can be looked into: ${messageOf(error)}` })
  }
  const child = new EgressChild(say, kept)
  process.on('message', (message) => {
    child.hear(message).catch((error: unknown) => {
      // whatever is wrong with the channel, nothing may get out any more
      say({ say: 'warn', message: `the egress process ends: ${messageOf(error).slice(0, 500)}` })
      batch.flush()
      setImmediate(() => process.exit(BROKEN))
    })
  })
}

if (process.send === undefined) {
  process.stderr.write('warder-egress: only the daemon starts this\n')
  process.exitCode = NO_DAEMON
} else {
  begin()
}
