import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { messageOf } from '../../core/error.ts'

/** The journal's words about logins, as they come. */
export interface Journal {
  /** Why it does not tell any more; undefined while it does. */
  problem(): string | undefined
  close(): void
}

const TAGS = ['sshd', 'sshd-session', 'sudo', 'su']
const LONGEST_HELD = 64 * 1024

/** Follows the journal from now on, with the machine's own journalctl. */
export function startJournal(onLine: (line: string) => void, program = '/usr/bin/journalctl'): Journal {
  const state: { problem?: string } = {}
  const tags = TAGS.flatMap((tag) => ['-t', tag])
  const child = spawn(
    program,
    ['--follow', '--lines=0', '--output=short-iso', '--quiet', '--no-pager', ...tags],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { LC_ALL: 'C' },
    },
  )
  child.on('error', (error) => (state.problem = messageOf(error)))
  child.on(
    'exit',
    (code, signal) => (state.problem ??= `journalctl ended (${signal ?? `exit code ${code}`})`),
  )
  let held = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (held + chunk).split('\n')
    held = (lines.pop() ?? '').slice(0, LONGEST_HELD)
    for (const line of lines) onLine(line)
  })
  child.unref()
  if (child.stdout instanceof Socket) child.stdout.unref()
  return { problem: () => state.problem, close: () => void child.kill('SIGTERM') }
}
