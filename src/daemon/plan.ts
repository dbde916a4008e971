import { join } from 'node:path'
import { userInfo } from 'node:os'
import type { RunInput } from '../api/endpoints.ts'
import type { Principal } from '../core/principal.ts'
import type { GrantBook, PolicyEngine } from '../decide/policy/index.ts'
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
  type SandboxSpec,
  webScraper,
} from '../enforce/sandbox/index.ts'
import type { z } from 'zod'
import type { Layers } from './layers.ts'
import { Made } from './made.ts'
import { GIVEN_AWAY } from './own-places.ts'
import { grantsIn, isNarrower, isOpenedTo, reachOf } from './plan-reach.ts'
import { tierNotes, tierOf } from './tier.ts'
import type { Listener } from '../platform/unix-socket.ts'
import type { Plan } from './runs.ts'
import type { WaysOut } from './ways-out.ts'

export interface PlannerOptions {
  readonly engine: PolicyEngine
  /** The agent that is started, or else who asked; as the authenticator made them. @throws for anybody else */
  readonly actsAs: (who: Principal, agent: string | undefined) => Principal
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
  /** How agents leave their sandbox: through the proxy alone. */
  readonly ways: WaysOut
  /** Told of what could not be taken back. */
  readonly bug: (error: unknown) => void
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
  const { engine, grants, home, now, layers, ways, lookup = diskLookup } = options
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
    const principal = options.actsAs(who, agent)
    const reachNow = () =>
      reachOf(engine, principal, now(), workspace).filter((line) => !isAgents || !isOpenedTo(line, workspace))
    const reached = reachNow()
    const host = hostOf(profile, { workspace, home, user: user() }, lookup)
    const asked = { request, profile, workspace, host }
    const { layer, notes, close } = await (purpose === 'look' ? layers.describe(asked) : layers.open(asked))
    let isTried = false
    const made = new Made(options.bug)
    made.add(() => close(isTried))
    try {
      const socket = agent === undefined ? undefined : await agentSocket(options, agent, runId, host.uid)
      made.add(() => socket?.close())
      const out = await (purpose === 'look'
        ? ways.describe({ profile, agent, secrets: request.secrets ?? [] })
        : ways.open({ profile, agent, secrets: request.secrets ?? [], runId, host, principal }))
      made.add(() => out.close())
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
          ...(out.way === undefined ? {} : { way: out.way }),
        },
        lookup,
      )
      const choice = await (purpose === 'look' ? chosenOrWhy(options, compiled) : options.choose(compiled))
      const spec = {
        ...compiled,
        notEnforced: [...new Set([...compiled.notEnforced, ...choice.notEnforced])],
        notes: [
          ...compiled.notes,
          ...tierNotes(request.agent, tier, profile),
          ...notes,
          ...out.notes,
          ...choice.notes,
        ],
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
        dispose: () => made.takeBack(),
      }
    } catch (error) {
      await made.takeBack()
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
  { profile, kind, domains = [] }: z.output<typeof RunInput>,
  profiles: ReadonlyMap<string, Profile>,
): Profile {
  const name = profile ?? (kind === 'run' ? 'agent' : 'tool-minimal')
  if (name === 'web_scraper' && domains.length > 0) return webScraper(domains)
  if (domains.length > 0) {
    throw new SandboxError(
      'SANDBOX_PROFILE_INVALID',
      `domains are for profile web_scraper, not for ${name}`,
      `let the agent reach a host with --grant net:connect:HOST:443, or name domains in the profile`,
    )
  }
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
  if (path === '/') {
    throw new SandboxError(
      'SANDBOX_PATH_INVALID',
      'the workspace / is the whole machine: too much to show an agent',
      'name the project directory itself',
    )
  }
  if (lookup.look(path)?.kind === 'directory') return
  throw new SandboxError(
    'SANDBOX_PATH_INVALID',
    `the workspace ${path} is not a directory Warder can enter`,
    'name an existing directory with --workspace',
  )
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
