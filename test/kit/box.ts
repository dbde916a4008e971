import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { house, type House } from './house.ts'

/** One command in a sandbox, through the whole program. */
export interface BoxRequest {
  readonly argv: readonly string[]
  /** Default: `agent`. */
  readonly profile?: string
  /** Default: the house's own. */
  readonly workspace?: string
  readonly agent?: string
  readonly stdin?: string
  /** Capabilities for this agent, such as `fs:read:/srv/**`. */
  readonly grants?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

export interface BoxResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Boxes {
  readonly house: House
  readonly box: (request: BoxRequest) => Promise<BoxResult>
  /** The script in `sh`, in the agent profile. */
  readonly sh: (script: string, more?: Omit<BoxRequest, 'argv'>) => Promise<BoxResult>
  /** The script in `perl`, which can make any system call and is on every Debian and Ubuntu. */
  readonly perl: (script: string, more?: Omit<BoxRequest, 'argv'>) => Promise<BoxResult>
}

/** A house with sandboxes to try to get out of. */
export function boxes(t: Parameters<typeof house>[0]): Boxes {
  const home = house(t)
  const box = async (request: BoxRequest): Promise<BoxResult> => {
    const { code, stdout, stderr } = await home.warder(
      [
        'run',
        ...['--profile', request.profile ?? 'agent'],
        ...['--workspace', request.workspace ?? home.workspace],
        ...['--agent', request.agent ?? 'intruder'],
        ...(request.grants ?? []).flatMap((grant) => ['--grant', grant]),
        '--',
        ...request.argv,
      ],
      {
        cwd: request.workspace ?? home.workspace,
        ...(request.stdin === undefined ? {} : { input: request.stdin }),
        ...(request.env === undefined ? {} : { env: request.env }),
        ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
      },
    )
    return { code, stdout, stderr }
  }
  return {
    house: home,
    box,
    sh: (script, more) => box({ ...more, argv: ['/bin/sh', '-c', script] }),
    perl: (script, more) => box({ ...more, argv: ['/usr/bin/perl', '-e', script] }),
  }
}

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
