import { spawn, type ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { entryPoint } from '../../platform/entry.ts'

/** As the daemon itself is run; the child reads what strangers send. */
const FLAGS = [
  '--disable-proto=throw',
  '--disallow-code-generation-from-strings',
  '--disable-sigusr1',
  '--max-old-space-size=512',
] as const

/** Where the streams of all sessions go, beside the channel. */
export const STREAMS_FD = 4

/** Starts the MCP process with a channel for words and a pipe for streams, and with an empty environment. */
export function startChild(): { readonly child: ChildProcess; readonly streams: Duplex } {
  const child = spawn(process.execPath, [...FLAGS, fileURLToPath(entryPoint('mcp'))], {
    cwd: '/',
    env: {},
    stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
    serialization: 'json', // what that process says is read as plain text and nothing cleverer
    detached: true, // what a terminal sends to everybody is not for it
  })
  return { child, streams: child.stdio[STREAMS_FD] as Duplex }
}
