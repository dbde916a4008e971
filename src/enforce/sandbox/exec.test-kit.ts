import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { newId } from '../../core/id.ts'
import { openNative } from '../../platform/native.ts'
import { createBubblewrapDriver, seccompDigestHere } from './bubblewrap-driver.ts'
import { compile } from './compile.ts'
import { diskLookup } from './lookup.ts'
import { presets } from './presets.ts'
import { readProcess } from './processes.ts'
import type { CommandExit, ExecRequest, Running } from './driver.ts'
import type { GuaranteeName } from './profile.ts'
import type { SandboxSpec } from './spec.ts'

export const driver = createBubblewrapDriver({ native: openNative() })

/** A project with real sandboxes around it. */
export interface Site {
  readonly root: string
  readonly workspace: string
  /** The script in `sh`, in the agent profile. */
  spec(script: string, more?: { readonly terminal?: boolean }): SandboxSpec
  /** A sandbox whose command waits; it ends with the test. */
  resident(): Promise<Running>
}

/** @returns undefined, after skipping the test out loud, where one of the guarantees is not in force */
export async function site(t: TestContext, ...needed: readonly GuaranteeName[]): Promise<Site | undefined> {
  const { available, guarantees } = await driver.lastProbe()
  const lost = guarantees.filter(({ name, inForce }) => !inForce && needed.includes(name))
  if (!available || lost.length > 0) {
    t.skip(`not in force here: ${(lost.length > 0 ? lost : guarantees)[0]?.why}: NOT tried`)
    return undefined
  }
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-exec-')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const workspace = join(root, 'work')
  mkdirSync(workspace)
  const spec: Site['spec'] = (script, more = {}) => specFor(root, workspace, script, more)
  const resident = async () => {
    const run = await driver.start(spec('while read line; do :; done'), { runId: newId(), agent: 'tester' })
    t.after(() => run.kill('the test is over'))
    run.stdout.resume()
    run.stderr.resume()
    return run
  }
  return { root, workspace, spec, resident }
}

function specFor(
  home: string,
  workspace: string,
  script: string,
  more: { readonly terminal?: boolean },
): SandboxSpec {
  return compile(
    presets().get('agent')!,
    {
      argv: ['/bin/sh', '-c', script],
      workspace,
      env: { PATH: '/usr/bin' },
      home,
      user: { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'tester' },
      reach: [],
      exclusions: [],
      seccompDigest: seccompDigestHere,
      ...more,
    },
    diskLookup,
  )
}

export interface Finished {
  readonly out: string
  readonly err: string
  readonly exit: CommandExit
}

/** Runs one command in a running sandbox to its end. */
export async function finished(run: Running, request: ExecRequest, input = ''): Promise<Finished> {
  const command = await run.exec!(request)
  command.stdin.end(input)
  const [out, err, exit] = await Promise.all([text(command.stdout), text(command.stderr), command.exit])
  return { out, err, exit }
}

export function sh(run: Running, script: string, input?: string): Promise<Finished> {
  return finished(run, { argv: ['/bin/sh', '-c', script] }, input)
}

/** Processes of this machine with this word in their command line; with `parent`, only children of that one. */
export function processesWith(word: string, parent?: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => commandLine(name).split('\0').includes(word))
    .map(Number)
    .filter((pid) => parent === undefined || readProcess(pid)?.parent === parent)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // it has ended
  }
}
