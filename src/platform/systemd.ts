import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Which of the machine's service managers: the user's own, or the machine's. */
export type SystemdScope = 'user' | 'system'

export interface SystemctlResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Asks systemd for something; `code` 127 when there is no systemctl. */
export type Systemctl = (scope: SystemdScope, args: readonly string[]) => Promise<SystemctlResult>

/** Whether systemd runs this machine (sd_booted(3)); in containers it mostly does not. */
export function isSystemdRunning(): boolean {
  return existsSync('/run/systemd/system')
}

export const systemctl: Systemctl = (scope, args) => {
  const { promise, resolve } = Promise.withResolvers<SystemctlResult>()
  const words = [...(scope === 'user' ? ['--user'] : []), '--no-pager', '--no-ask-password', ...args]
  execFile('systemctl', words, { timeout: 60_000, encoding: 'utf8' }, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127
    resolve({ code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr })
  })
  return promise
}
