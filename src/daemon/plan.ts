import { join } from 'node:path'
import { userInfo } from 'node:os'
import type { RunInput } from '../api/endpoints.ts'
import type { Principal } from '../core/principal.ts'
import {
  reach,
  type GrantBook,
  type PolicyEngine,
  type Reach as PolicyReach,
} from '../decide/policy/index.ts'
import {
  atTier,
  compile,
  diskLookup,
  hostOf,
  SandboxError,
  type CompileContext,
  type DriverChoice,
  type Lookup,
  type Profile,
  type Reach,
  type SandboxSpec,
} from '../enforce/sandbox/index.ts'
import type { z } from 'zod'
import type { Layers } from './layers.ts'
import { GIVEN_AWAY } from './own-places.ts'
import { tierNotes, tierOf } from './tier.ts'
import type { Listener } from '../platform/unix-socket.ts'
import type { Plan } from './runs.ts'

export interface PlannerOptions {
  readonly engine: PolicyEngine
  readonly grants: GrantBook
  readonly profiles: () => ReadonlyMap<string, Profile>
  readonly home: string
  readonly now: () => number
  /** Where the sockets of agents stand. */
  readonly socketDirectory: string
  /** Directories of Warder's own that no sandbox ever shows. */
  readonly own: readonly string[]
  readonly seccompDigest: CompileContext['seccompDigest']
  readonly listenAgent: (path: string, agent: string, uid?: number) => Promise<Listener>
  readonly lookup?: Lookup
  /** What agents write to instead of their workspace. */
  readonly layers: Layers
  /** Which driver will run it, and what that one does not keep. */
  readonly choose: DriverChoice['choose']
  /** Masks what has the shape of a secret; an environment value it would mask does not go along, whatever its name. */
  readonly redact: (text: string) => string
}

/** Where an agent finds its own socket. */
export const AGENT_SOCKET = '/run/warder/agent.sock'

/** Places with keys and credentials, in every home; the policy's exclusions name more, these are never even mounted. */
const SECRET_PLACES = [
  ...[
    '.ssh',
    '.gnupg',
    '.aws',
    '.azure',
    '.kube',
    '.docker',
    '.netrc',
    '.config/gcloud',
    '.config/gh',
    '.config/op',
  ],
  ...[
    '.password-store',
    '.local/share/keyrings',
    '.mozilla',
    '.config/google-chrome',
    '.config/chromium',
    '.pki',
  ],
]

/** `look`: nothing is made that would outlast the plan, and it is never started. */
export type PlanFor = 'start' | 'look'

/** Turns a request into exactly what will be done: profile, policy, grants and machine, compiled to one spec. */
export function createPlanner(options: PlannerOptions) {
  const { engine, grants, home, now, layers, lookup = diskLookup } = options
  const exclusions = [...options.own, ...SECRET_PLACES.map((place) => join(home, place))]
  return async (
    request: z.output<typeof RunInput>,
    who: Principal,
    runId: string,
    purpose: PlanFor = 'start',
  ): Promise<Plan> => {
    const tier = tierOf(engine, request.agent)
    const profile = atTier(profileFor(request, options.profiles()), tier)
    const workspace = lookup.real(request.workspace) ?? request.workspace
    const agent = request.agent
    const isAgents = agent !== undefined && profile.filesystem.workspace.startsWith('read-')
    if (isAgents) refuseAsWorkspace(workspace, lookup)
    const principal: Principal =
      agent === undefined ? who : { id: agent, role: 'agent', channel: who.channel }
    const reachNow = () =>
      reachOf(engine, principal, now(), workspace).filter((line) => !isAgents || !isOpenedTo(line, workspace))
    const reached = reachNow()
    const host = hostOf(profile, { workspace, home, user: user() }, lookup)
    const asked = { request, profile, workspace, host }
    const { layer, notes, close } = await (purpose === 'look' ? layers.describe(asked) : layers.open(asked))
    let socket: Listener | undefined
    let isTried = false
    try {
      socket = agent === undefined ? undefined : await agentSocket(options, agent, runId, host.uid)
      const compiled = compile(
        limited(profile, request),
        {
          argv: request.argv,
          ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
          workspace,
          ...(layer === undefined ? {} : { layer }),
          env: withoutSecrets(request.environment, options.redact),
          umask: request.umask,
          home,
          user: user(),
          reach: reached,
          exclusions,
          seccompDigest: options.seccompDigest,
          terminal: request.terminal !== undefined && profile.terminal,
          ...(socket === undefined ? {} : { socket: { source: socket.path, path: AGENT_SOCKET } }),
        },
        lookup,
      )
      const choice = await (purpose === 'look' ? chosenOrWhy(options, compiled) : options.choose(compiled))
      const spec = {
        ...compiled,
        notEnforced: [...new Set([...compiled.notEnforced, ...choice.notEnforced])],
        notes: [...compiled.notes, ...tierNotes(request.agent, tier, profile), ...notes, ...choice.notes],
      }
      const used = grantsIn(reached)
      return {
        spec,
        workspace,
        ...(isAgents ? { workspaceOf: agent } : {}),
        notes: [...spec.notes, ...endings(used, grants)],
        grants: used,
        stillHolds: () => {
          isTried = true // asked around every start, so a plan nobody ever asked this of was never started
          return !isNarrower(reachNow(), reached)
        },
        dispose: async () => {
          try {
            await close(isTried)
          } finally {
            await socket?.close()
          }
        },
      }
    } catch (error) {
      try {
        await close(false)
      } finally {
        await socket?.close()
      }
      throw error
    }
  }
}

/** For whoever only looks: what would be refused is shown all the same, with the reason. */
async function chosenOrWhy({ choose }: PlannerOptions, spec: SandboxSpec): Promise<PlanChoice> {
  try {
    return await choose(spec)
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error
    return { notEnforced: [], notes: [`it would not start: ${error.message}`] }
  }
}

type PlanChoice = Pick<Awaited<ReturnType<DriverChoice['choose']>>, 'notEnforced' | 'notes'>

function user(): CompileContext['user'] {
  const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1]
  return { uid, gid, name: userName() }
}

/** Some users have a number and no entry in the user database; inside, any plain name will do. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'agent'
  }
}

function withoutSecrets(
  environment: Readonly<Record<string, string>>,
  redact: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => redact(value) === value))
}

function profileFor(
  { profile, kind }: z.output<typeof RunInput>,
  profiles: ReadonlyMap<string, Profile>,
): Profile {
  const name = profile ?? (kind === 'run' ? 'agent' : 'tool-minimal')
  const found = profiles.get(name)
  if (found !== undefined) return found
  throw new SandboxError(
    'SANDBOX_PROFILE_MISSING',
    `there is no sandbox profile ${JSON.stringify(name)}`,
    `use one of: ${[...profiles.keys()].join(', ')}`,
  )
}

/** A caller may ask for less time than the profile gives, never for more. */
function limited(profile: Profile, { maxSeconds }: z.output<typeof RunInput>): Profile {
  if (maxSeconds === undefined) return profile
  const most = Math.min(maxSeconds, profile.process.max_seconds ?? Number.POSITIVE_INFINITY)
  return { ...profile, process: { ...profile.process, max_seconds: most } }
}

/** The compiler says why in its own words; here only what would make the book of workspaces useless. */
function refuseAsWorkspace(path: string, lookup: Lookup): void {
  if (path !== '/' && lookup.look(path)?.kind === 'directory') return
  throw new SandboxError(
    'SANDBOX_PATH_INVALID',
    `the workspace ${path} is not a directory Warder can enter`,
    'name an existing directory with --workspace',
  )
}

/**
 * What policy says of files, in the two words mounts know. What may not be listed may not be read; what may not be made
 * or removed may not be written: the stricter reading, because a mount cannot tell them apart.
 */
function reachOf(engine: PolicyEngine, who: Principal, now: number, workspace: string): Reach[] {
  const lines = reach(engine, who, now, [workspace])
  return lines.flatMap((line): Reach[] => {
    const verb = verbOf(line)
    // the owner's own command gets what its profile shows, not everything the owner may
    if (verb === undefined || line.rule === 'role.owner') return []
    return [{ effect: line.effect, verb, pattern: line.pattern, rule: line.rule }]
  })
}

/**
 * What keeps others out of a workspace does not keep out who is given it too: several agents may share one. The book of
 * workspaces would say so, but nothing is noted there for a plan that may be refused, or is only looked at.
 */
function isOpenedTo({ rule, pattern }: Reach, workspace: string): boolean {
  return rule === 'exclusion.other-workspace' && pattern === `${workspace}/**`
}

function verbOf({ verb, effect }: PolicyReach): Reach['verb'] | undefined {
  if (verb === 'read' || verb === 'write') return verb
  if (effect === 'allow') return undefined
  return verb === 'list' ? 'read' : 'write'
}

/** Whether something the plan was made from is gone, or something was closed since. Another agent's new workspace is neither. */
function isNarrower(since: readonly Reach[], planned: readonly Reach[]): boolean {
  const textOf = ({ effect, verb, pattern, rule }: Reach): string => [effect, verb, pattern, rule].join('\n')
  const before = new Set(planned.map(textOf))
  const after = new Set(since.map(textOf))
  const isGone = planned.some((line) => line.effect === 'allow' && !after.has(textOf(line)))
  const isClosed = (line: Reach): boolean =>
    line.effect === 'deny' && line.rule !== 'exclusion.other-workspace' && !before.has(textOf(line))
  return isGone || since.some(isClosed)
}

function grantsIn(lines: readonly Reach[]): string[] {
  const ids = lines
    .filter(({ effect, rule }) => effect === 'allow' && rule.startsWith('grant.'))
    .map(({ rule }) => rule.slice('grant.'.length))
  return [...new Set(ids)]
}

function endings(used: readonly string[], grants: GrantBook): string[] {
  const times = used.flatMap((id) => grants.get(id)?.expiresAt ?? [])
  if (times.length === 0) return []
  return [
    `this run ends with the first grant it was given: ${new Date(Math.min(...times)).toISOString()} (give --grant-for, or write a rule)`,
  ]
}

async function agentSocket(
  { listenAgent, socketDirectory }: PlannerOptions,
  agent: string,
  runId: string,
  uid: number,
): Promise<Listener> {
  const isOurs = uid === process.getuid?.()
  const directory = isOurs ? socketDirectory : GIVEN_AWAY.sockets
  return await listenAgent(join(directory, `${runId.slice(-12)}.sock`), agent, isOurs ? undefined : uid)
}
