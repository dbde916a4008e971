import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { ActionPort, Incident } from '../../contain/incident/index.ts'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../../platform/files.ts'
import { membersOf } from '../../enforce/sandbox/index.ts'
import { messageOf } from '../../core/error.ts'
import type { LiveRun } from '../runs.ts'
import { runsOf } from './freezing.ts'
import type { ContainOptions } from './options.ts'

type Options = Pick<ContainOptions, 'values' | 'live' | 'ledger' | 'changes' | 'redact' | 'clock' | 'out'>

const MOST_PROCESSES = 2000
const MOST_DESCRIPTORS = 256
const MOST_BYTES = 64 * 1024 * 1024

export function evidenceDirectory(values: ContainOptions['values'], id: string): string {
  return join(values['paths.state'], 'incidents', 'evidence', id)
}

/**
 * What can be seen of the agent while it stands still: its processes as /proc tells them, its sandbox, where it is
 * connected, and its workspace as a snapshot. No environment and no memory: both hold secrets.
 */
export function evidencePort(options: Options): ActionPort {
  const pathOf = ({ id }: Incident) => join(evidenceDirectory(options.values, id), 'facts.json')
  return {
    async act({ target }, incident) {
      const runs = await Promise.all(runsOf(options, target).map((run) => factsOf(run, options)))
      const facts = {
        ...{ incident: incident.id, agent: target, at: new Date(options.clock.now()).toISOString() },
        ledger: options.ledger.health().head,
        waysOut: await options.out.ways.list(target === '*' ? undefined : target),
        snapshots: await snapshotsOf(runs, incident, options),
        runs,
      }
      ensurePrivateDirectory(evidenceDirectory(options.values, incident.id))
      writeFileAtomic(pathOf(incident), `${JSON.stringify(facts, undefined, 1)}\n`)
    },
    async look(_order, incident) {
      const bytes = readPrivateFile(pathOf(incident), MOST_BYTES)
      if (bytes === undefined) return { state: 'failed', evidence: 'nothing was kept' }
      const facts = JSON.parse(bytes.toString()) as { runs: { processes: unknown[] }[]; snapshots: unknown[] }
      const processes = facts.runs.reduce((sum, run) => sum + run.processes.length, 0)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return {
        state: 'done',
        evidence: `${facts.runs.length} runs, ${processes} processes, ${facts.snapshots.length} workspaces kept; sha256 ${sha256}`,
      }
    },
    mostMs: 120_000,
  }
}

async function factsOf({ running, workspace, spec, grants }: LiveRun, { redact }: Options) {
  const { runId, agent, profile, init, pidNamespace, startedAt, limits } = running
  return {
    ...{ run: runId, agent, profile, init, pidNamespace, workspace, grants },
    ...{ startedAt: new Date(startedAt).toISOString(), stats: running.stats(), limits },
    command: spec.argv.map(redact),
    spec: spec.digest,
    processes: membersOf(init)
      .slice(0, MOST_PROCESSES)
      .map((each) => ({ ...each, ...procOf(each.pid, redact) })),
  }
}

/** One workspace once, however many runs work in it. What cannot be kept is said, and keeps nothing else from being kept. */
async function snapshotsOf(
  runs: readonly { readonly workspace: string }[],
  { id }: Incident,
  { changes }: Options,
): Promise<{ workspace: string; snapshot?: string; problem?: string }[]> {
  const kept = []
  for (const workspace of new Set(runs.map((run) => run.workspace))) {
    try {
      const { id: snapshot } = await changes.snapshots.take(workspace, 'owner', `evidence of ${id}`)
      kept.push({ workspace, snapshot })
    } catch (error) {
      kept.push({ workspace, problem: messageOf(error) })
    }
  }
  return kept
}

/** What /proc says of one process, as far as it may be read. */
function procOf(pid: number, redact: (text: string) => string): Record<string, unknown> {
  const read = <T>(what: () => T): T | undefined => {
    try {
      return what()
    } catch {
      return undefined // it may have ended, or be somebody else's
    }
  }
  const status = read(() => readFileSync(`/proc/${pid}/status`, 'latin1')) ?? ''
  const wanted = status
    .split('\n')
    .filter((line) => /^(?:Name|State|Uid|Gid|Threads|VmRSS|NSpid|CapEff|Seccomp):/.test(line))
  return {
    command: read(() =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1).slice(0, 100).map(redact),
    ),
    program: read(() => readlinkSync(`/proc/${pid}/exe`)),
    directory: read(() => readlinkSync(`/proc/${pid}/cwd`)),
    status: wanted,
    descriptors: read(() =>
      readdirSync(`/proc/${pid}/fd`)
        .slice(0, MOST_DESCRIPTORS)
        .map((fd) => `${fd} ${read(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '?'}`),
    ),
  }
}
