import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { HarnessName } from './harness.ts'

export interface Alive {
  readonly isAlive: boolean
  readonly why: string
  readonly ms: number
}

const PATIENCE_MS = 30_000
/** What only a daemon says that was asked. A program that is not there refuses too, and must not pass for alive. */
const SAYS = 'this call asks whether the hook is alive: it is'

/** Runs the very command that stands in the settings, as the harness would, with a marked call that must be refused. */
export async function isHookAlive(
  harness: HarnessName,
  event: string,
  command: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Alive> {
  const started = performance.now()
  const child = spawn('/bin/sh', ['-c', command], { env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
  const said = { err: '' }
  child.stdin.on('error', () => undefined) // it may end before it has read
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => (said.err = (said.err + chunk.toString()).slice(0, 4096)))
  child.stdin.end(JSON.stringify(markedCall(harness, event)))
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.once('error', () => resolve(null))
  child.once('close', (exit) => resolve(exit))
  const code = await promise
  clearTimeout(timer)
  const ms = performance.now() - started
  if (code === 2 && said.err.includes(SAYS)) return { isAlive: true, why: 'a marked call was refused', ms }
  const words = said.err.trim().split('\n').at(-1) ?? ''
  return {
    isAlive: false,
    why: `exit ${code ?? 'by a signal'}${words === '' ? '' : `: ${words.slice(0, 300)}`}`,
    ms,
  }
}

function markedCall(harness: HarnessName, event: string): object {
  const session = `warder-doctor-${randomBytes(8).toString('hex')}`
  const tool = { tool_name: 'Bash', tool_input: { command: 'true' }, tool_use_id: session }
  switch (harness) {
    case 'cursor':
      return {
        conversation_id: session,
        generation_id: session,
        hook_event_name: event,
        command: 'true',
        ...tool,
      }
    case 'vscode':
      return {
        timestamp: new Date(0).toISOString(),
        sessionId: session,
        hookEventName: event,
        cwd: '/',
        ...tool,
      }
    case 'codex':
      return { session_id: session, turn_id: session, hook_event_name: event, cwd: '/', ...tool }
    default:
      return { session_id: session, hook_event_name: event, cwd: '/', permission_mode: 'default', ...tool }
  }
}
