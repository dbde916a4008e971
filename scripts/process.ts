/** Child processes of the project's own scripts. */
import { spawn } from 'node:child_process'
import { NODE, ROOT } from './project.ts'

export interface Ran {
  readonly code: number
  /** What it wrote, stdout and stderr as they came. */
  readonly output: string
}

export interface RunOptions {
  /** Killed with everything it started after this long. */
  readonly timeoutMs: number
  /** Passes the output on while it comes. */
  readonly verbose?: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a script with the project's Node; never throws for a failing one. */
export function runNode(
  args: readonly string[],
  { timeoutMs, verbose = false, env }: RunOptions,
): Promise<Ran> {
  // left out: what would change how a nested Node, or a nested test run, behaves
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...outer } = process.env
  // its own process group, so that nothing it starts outlives the time limit
  const child = spawn(NODE, args, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...outer, PATH: `${ROOT}node_modules/.bin:${outer['PATH'] ?? ''}`, ...env },
  })
  const parts: Buffer[] = []
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    from.on('data', (part: Buffer) => {
      parts.push(part)
      if (verbose) to.write(part)
    })
  }
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      return // it has ended
    }
  }
  const limit = setTimeout(() => {
    parts.push(Buffer.from(`\nstopped after ${timeoutMs / 1000} s\n`))
    endGroup()
  }, timeoutMs)
  process.once('exit', endGroup)
  return new Promise((resolve) => {
    const done = (code: number, note = '') => {
      clearTimeout(limit)
      process.off('exit', endGroup)
      resolve({ code, output: Buffer.concat(parts).toString() + note })
    }
    child.once('error', (error) => done(1, error.message))
    child.once('close', (code) => done(code ?? 1))
  })
}
