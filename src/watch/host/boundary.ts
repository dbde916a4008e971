import type { Finding } from '../../core/incident.ts'
import { addressOf, type Seen, type SeenOf } from './seen.ts'

/** What is known of a run while it goes on, and for a while after. */
export interface KnownRun {
  readonly runId: string
  readonly agent: string
  readonly workspace: string
}

type Evidence = Finding['evidence']

/** What one kind of sight means: nothing that stands here has a permit. */
interface Meaning {
  readonly rule: string
  readonly summary: string
  readonly evidence: Evidence
  /** Findings alike within one run are one; absent: one for the whole run. */
  readonly part?: string
}

const SPACES: Readonly<Record<string, string>> = { pid: 'processes', net: 'network', mnt: 'files' }

/**
 * The cross-layer alarm: what the kernel shows at the border of a run and no permit explains. The permit of a run names
 * one tree of processes, below its process 1, what it may write, and no network but the bridge; whatever else stands,
 * writes or speaks there got in or out past Warder.
 *
 * @param runOf by its id; undefined for a run nobody knows, of which nothing is told
 */
export function boundaryFinding(
  seen: Seen,
  runOf: (id: string) => KnownRun | undefined,
): Finding | undefined {
  if (seen.kind === 'write') return writeFinding(seen, runOf)
  if (!('run' in seen) || seen.kind === 'ready') return undefined
  const run = runOf(seen.run)
  if (run === undefined) return undefined
  const meaning = meaningOf(seen, run)
  return bypass(seen.at, run, meaning)
}

function bypass(at: number, run: KnownRun, { rule, summary, evidence, part }: Meaning): Finding {
  return {
    ...{ rule: `boundary.${rule}`, source: 'boundary', severity: 'critical', class: 'policy_bypass_attempt' },
    ...{ summary, at, key: ['boundary', rule, run.runId, ...(part === undefined ? [] : [part])].join(':') },
    ...{ agent: run.agent, run: run.runId, evidence },
  }
}

function meaningOf(
  seen: Exclude<Extract<Seen, { readonly run: string }>, { kind: 'write' | 'ready' }>,
  run: KnownRun,
): Meaning {
  const of = `the run of ${run.agent}`
  switch (seen.kind) {
    case 'intruder':
      return {
        rule: 'intruder',
        summary: `process ${seen.pid} (${named(seen.program)}) stands in ${of}, and was not started there: it shares its ${SPACES[seen.space] ?? seen.space}`,
        evidence: {
          ...processOf(seen),
          space: seen.space,
          ...optional('parent', seen.parent),
          ...optional('parent_program', seen.parentProgram),
          ...optional('uid', seen.uid),
        },
      }
    case 'escaped':
      return {
        rule: 'escaped',
        summary: `process ${seen.pid} (${named(seen.program)}) of ${of} is no longer in its ${SPACES[seen.space] ?? seen.space}`,
        evidence: { ...processOf(seen), space: seen.space },
      }
    case 'unguarded':
      return {
        rule: 'unguarded',
        summary: `process ${seen.pid} (${named(seen.program)}) of ${of} runs without its ${seen.lost}`,
        evidence: { ...processOf(seen), lost: seen.lost },
      }
    case 'traced':
      return {
        rule: 'traced',
        summary: `process ${seen.pid} of ${of} is held by a tracer outside: ${named(seen.byProgram)} (${seen.by})`,
        evidence: { ...processOf(seen), tracer: seen.by, ...optional('tracer_program', seen.byProgram) },
      }
    case 'survivor':
      return {
        rule: 'survivor',
        summary: `process ${seen.pid} (${named(seen.program)}) of ${of} goes on though the run has ended`,
        evidence: processOf(seen),
      }
    case 'interface':
      return {
        rule: 'interface',
        summary: `the network of ${of} has an interface Warder did not put there: ${seen.name}`,
        evidence: { interface: seen.name },
        part: seen.name,
      }
    case 'connection':
      return {
        rule: 'connection',
        summary: `${of} speaks past its bridge: ${seen.protocol} to ${addressOf(seen.remote)} port ${seen.port}`,
        evidence: {
          ...{ protocol: seen.protocol, address: addressOf(seen.remote), port: seen.port },
          ...optional('pid', seen.pid),
          ...optional('program', seen.program),
        },
        part: `${seen.remote}:${seen.port}`,
      }
  }
}

function writeFinding(
  seen: SeenOf<'write'>,
  runOf: (id: string) => KnownRun | undefined,
): Finding | undefined {
  const writer = runOf(seen.by)
  const where = runOf(seen.run)
  if (writer === undefined) return where === undefined ? undefined : strangerWrite(seen, where)
  const isIntoOther = where !== undefined && where.agent !== writer.agent
  const whose = isIntoOther ? `, in the workspace of ${where.agent}` : ''
  return bypass(seen.at, writer, {
    rule: isIntoOther ? 'write-into-other' : 'write-outside',
    summary: `the run of ${writer.agent} ${seen.did} ${seen.path}${whose}: its permit does not name it`,
    evidence: {
      ...processOf(seen),
      path: seen.path,
      did: seen.did,
      ...(isIntoOther ? { workspace_of: where.agent } : {}),
    },
  })
}

/** Most likely the owner at an editor, and nothing an agent did: told, and no incident. */
function strangerWrite(seen: SeenOf<'write'>, run: KnownRun): Finding {
  return {
    ...{ rule: 'boundary.stranger-write', source: 'boundary', severity: 'low' },
    summary: `${named(seen.program)} (${seen.pid}), which is no agent's, ${seen.did} ${seen.path} while ${run.agent} works there`,
    at: seen.at,
    key: `boundary:stranger-write:${run.runId}:${seen.program ?? ''}`,
    ...{ agent: run.agent, run: run.runId },
    evidence: { ...processOf(seen), path: seen.path, did: seen.did },
  }
}

function processOf({
  pid,
  program,
}: {
  readonly pid: number
  readonly program?: string | undefined
}): Evidence {
  return { pid, ...optional('program', program) }
}

function named(program: string | undefined): string {
  return program ?? 'a program that is gone already'
}

function optional(name: string, value: string | number | undefined): Evidence {
  return value === undefined ? {} : { [name]: value }
}
