import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { entryPoint, HARDENED } from '../../platform/entry.ts'

/** As the daemon itself is run; the child reads what strangers send. */
const FLAGS = [
  ...HARDENED,
  '--max-old-space-size=256',
  '--max-semi-space-size=4', // what a connection leaves is collected soon, instead of growing the heap
] as const

/** Starts the egress process; what it has to know it is told over its channel, so that no environment or argument holds it. */
export function startChild(): ChildProcess {
  return spawn(process.execPath, [...FLAGS, fileURLToPath(entryPoint('egress'))], {
    cwd: '/',
    env: { UV_THREADPOOL_SIZE: '16' }, // looking up names takes one of these each
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'json', // what that process says is read as plain text and nothing cleverer
    detached: true, // what a terminal sends to everybody is not for it
  })
}
