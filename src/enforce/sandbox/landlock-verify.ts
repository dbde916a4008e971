import { readFileSync } from 'node:fs'
import { SandboxError } from './errors.ts'
import type { SandboxSpec } from './spec.ts'

/**
 * Looks at the process that is about to become the command, from outside: what the launcher says it gave up must be
 * what the kernel says is gone. Landlock itself shows nowhere in /proc; the probe tries that.
 *
 * @throws SandboxError `SANDBOX_FAILED`; then nothing may begin
 */
export function verifyConfined(pid: number, { host }: Pick<SandboxSpec, 'host'>): void {
  const wrong = whyNotConfined(readFileSync(`/proc/${pid}/status`, 'latin1'), host)
  if (wrong === undefined) return
  throw new SandboxError(
    'SANDBOX_FAILED',
    `what was built is not what was described: ${wrong}`,
    'run: warder doctor',
  )
}

/** The first thing in /proc/PID/status that is not as it must be. */
export function whyNotConfined(status: string, { uid, gid }: SandboxSpec['host']): string | undefined {
  const value = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? 'not told'
  const four = (id: number) => Array.from({ length: 4 }, () => id).join('\t')
  const filters = value('Seccomp_filters')
  const expected: readonly (readonly [string, boolean])[] = [
    ['user', value('Uid') === four(uid)],
    ['group', value('Gid') === four(gid)],
    ['NoNewPrivs', value('NoNewPrivs') === '1'],
    ['Seccomp', value('Seccomp') === '2'],
    // both of ours, on top of any this process itself was given; older kernels do not count them
    ['Seccomp_filters', filters === 'not told' || Number(filters) >= 2],
    ...(['CapInh', 'CapPrm', 'CapEff', 'CapAmb'] as const).map(
      (name) => [name, /^0+$/.test(value(name))] as const,
    ),
  ]
  const [name] = expected.find(([, holds]) => !holds) ?? []
  return name === undefined
    ? undefined
    : `${name} is ${value(name === 'user' ? 'Uid' : name === 'group' ? 'Gid' : name)}`
}
