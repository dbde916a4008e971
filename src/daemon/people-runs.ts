import { stat } from 'node:fs/promises'
import type { Principal } from '../core/principal.ts'
import type { AgentRuns, RunIdentity } from '../decide/identity/index.ts'
import { digestOfFile } from './file-digest.ts'
import type { Plan, RunRequest } from './runs.ts'

type Planner = (request: RunRequest, who: Principal, runId: string) => Promise<Plan>

/** Programs that were hashed already, by what changes when they change. */
const MOST_KNOWN = 256

/**
 * Gives each run that is planned an identity: who runs, as which user, where, and by which bytes. It ends with the plan,
 * hence with the run.
 */
export function identifiedRuns(runs: AgentRuns, plan: Planner): Planner {
  const digests = new Map<string, string>()
  return async (request, who, runId) => {
    const planned = await plan(request, who, runId)
    try {
      const identity = runs.begin(await identityOf(planned, request.agent ?? who.id, runId, digests))
      return {
        ...planned,
        identity: wordsOf(identity),
        dispose: async () => {
          runs.end(runId)
          await planned.dispose()
        },
      }
    } catch (error) {
      await planned.dispose()
      throw error
    }
  }
}

async function identityOf(
  { spec, workspace }: Plan,
  agent: string,
  runId: string,
  digests: Map<string, string>,
): Promise<RunIdentity> {
  const program = spec.argv[0] ?? ''
  const programDigest = await digestOf(program, digests)
  const uid = spec.host.uid
  return { runId, agent, uid, workspace, program, ...(programDigest === undefined ? {} : { programDigest }) }
}

function wordsOf({ uid, program, programDigest }: RunIdentity): Record<string, string> {
  return {
    uid: String(uid),
    program,
    ...(programDigest === undefined ? {} : { program_sha256: programDigest }),
  }
}

/** SHA-256 of a program as it is out here; undefined when it cannot be read, or is not a file. */
async function digestOf(path: string, digests: Map<string, string>): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    const key = [path, dev, ino, size, mtimeNs, ctimeNs].join(' ')
    const known = digests.get(key)
    if (known !== undefined) return known
    const digest = await digestOfFile(path)
    if (digest === undefined) return undefined
    if (digests.size >= MOST_KNOWN) digests.clear()
    digests.set(key, digest)
    return digest
  } catch {
    return undefined // inside it may be there all the same: the record then says no digest, never a wrong one
  }
}
