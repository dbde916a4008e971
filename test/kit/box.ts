import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Context } from '../../src/cli/command.ts'
import { exitCode } from '../../src/cli/commands/running.ts'
import { reportFailure } from '../../src/cli/failure.ts'
import { createOut } from '../../src/cli/out.ts'
import { attachRun } from '../../src/client/attach.ts'
import { KnownError } from '../../src/core/error.ts'
import { house, type House } from './house.ts'
import { into, owner } from './owner.ts'

/** One command in a sandbox, as `warder run` or `warder exec` asks for it. */
export interface SandboxRequest {
  readonly argv: readonly string[]
  /** Default: `run`. */
  readonly kind?: 'run' | 'exec'
  readonly agent?: string
  readonly profile?: string
  /** Default: the house's own. */
  readonly workspace?: string
  readonly workspaceMode?: 'overlay' | 'worktree' | 'direct'
  readonly stdin?: string
  /** Capabilities for this agent, such as `fs:read:/srv/**`. */
  readonly grants?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface BoxResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Boxes {
  readonly house: House
  /** By default the agent `intruder` in the profile `agent`. */
  readonly box: (request: SandboxRequest) => Promise<BoxResult>
  /** The script in `sh`, in the agent profile. */
  readonly sh: (script: string, more?: Omit<SandboxRequest, 'argv'>) => Promise<BoxResult>
  /** The script in `perl`, which can make any system call and is on every Debian and Ubuntu. */
  readonly perl: (script: string, more?: Omit<SandboxRequest, 'argv'>) => Promise<BoxResult>
}

/** A house with sandboxes to try to get out of. */
export function boxes(t: Parameters<typeof house>[0]): Boxes {
  const home = house(t)
  const box = (request: SandboxRequest): Promise<BoxResult> =>
    inSandbox(home, { agent: 'intruder', profile: 'agent', ...request })
  return {
    house: home,
    box,
    sh: (script, more) => box({ ...more, argv: ['/bin/sh', '-c', script] }),
    perl: (script, more) => box({ ...more, argv: ['/usr/bin/perl', '-e', script] }),
  }
}

/** Runs it as `warder run` and `warder exec` do, and tells how it ended, without a process for that alone. */
export async function inSandbox(home: House, request: SandboxRequest): Promise<BoxResult> {
  const { argv, kind = 'run', workspace = home.workspace, stdin, grants = [], env, ...more } = request
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  const out = createOut({ ...QUIET, stdout: into(stdout), stderr: into(stderr) })
  const me = await owner({ after: () => undefined }, home)
  const ends = async (): Promise<number> => {
    const opened = await me.call('open', {
      ...{ kind, argv: [...argv], workspace, cwd: workspace, umask: process.umask(), grants: [...grants] },
      environment: { ...home.environment, ...env },
      ...more,
    })
    for (const note of opened.notes) out.note(`warder: ${note}`)
    const exit = await attachRun(me.client, opened.permit, {
      stdin: Readable.from(stdin === undefined ? [] : [Buffer.from(stdin)]),
      stdout: into(stdout),
      stderr: into(stderr),
    })
    return exitCode(exit, { out } as Context) // it says things, and no more
  }
  const code = await ends().catch((error: unknown) => {
    if (error instanceof KnownError) return reportFailure(error, out)
    throw error
  })
  me.client.close()
  const said = (parts: Buffer[]): string => Buffer.concat(parts).toString()
  return { code, stdout: said(stdout), stderr: said(stderr) }
}

const QUIET = { json: false, quiet: false, verbose: false, color: false } as const

/** Skips a test, out loud, on a machine that lacks what it needs. */
export function needs(t: TestContext, program: string): boolean {
  if (existsSync(program)) return true
  t.skip(`${program} is not on this machine: the attack was NOT tried`)
  return false
}

/** The command ran, and did what an honest one may; so what failed before it failed because of the sandbox. */
export function assertRan(result: BoxResult, said: RegExp): void {
  assert.equal(result.code, 0, `exit ${result.code}\n${result.stdout}\n${result.stderr}`)
  assert.match(result.stdout.trimEnd(), said)
}
