/**
 * The MCP process: stands between clients and servers of the Model Context Protocol. It is a process of its own so that
 * what servers say is read where no key of the daemon's lies. Started by the daemon alone, with an empty environment; what
 * it needs to know comes over the channel between them, and it ends when that ends.
 */
import { Socket } from 'node:net'
import { messageOf } from '../../core/error.ts'
import { protectProcess } from '../../platform/locked-memory.ts'
import { Batch } from '../egress/batch.ts'
import { McpChild } from './child.ts'
import { openInspectors } from './inspectors.ts'
import { Pipe } from './pipe.ts'
import { STREAMS_FD } from './start.ts'
import type { FromMcp } from './words.ts'

const NO_DAEMON = 2
const BROKEN = 1
const TICK_MS = 250

const batch = new Batch<FromMcp>((words) => {
  process.send?.(words, undefined, undefined, (error) => {
    if (error !== null) process.exit(BROKEN)
  })
})

function say(words: FromMcp): void {
  // what nobody waits for waits for company
  batch.add(words, words.say === 'event' ? 'later' : 'now')
}

function begin(): void {
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => undefined) // what a terminal sends is for the daemon to answer
  process.on('SIGUSR1', () => undefined) // no debugger is opened here
  const warn = (message: string): void => say({ say: 'warn', message: message.slice(0, 4000) })
  const broken = (why: string): void => {
    // whatever is wrong with the channel, nothing may pass any more
    warn(`the MCP process ends: ${why.slice(0, 500)}`)
    batch.flush()
    setImmediate(() => process.exit(BROKEN))
  }
  try {
    protectProcess()
  } catch (error) {
    warn(`the MCP process can be looked into: ${messageOf(error)}`)
  }
  const streams = new Socket({ fd: STREAMS_FD, readable: true, writable: true })
  const child: McpChild = new McpChild({ say, pipe: () => pipe, inspect: openInspectors(warn) })
  const pipe: Pipe = new Pipe(
    streams,
    (piece, session, bytes) => child.heard(piece, session, bytes),
    () => broken('the pipe of the streams is broken'),
  )
  process.on('message', (message) => {
    try {
      child.hear(message)
    } catch (error) {
      broken(messageOf(error))
    }
  })
  setInterval(() => child.tick(), TICK_MS)
  say({ say: 'ready' })
}

if (process.send === undefined) {
  process.stderr.write('warder-mcp: only the daemon starts this\n')
  process.exitCode = NO_DAEMON
} else {
  begin()
}
