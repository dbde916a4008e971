import { join } from 'node:path'
import type { WayAnswer } from '../api/egress.ts'
import type { SecretWanted } from '../api/secrets.ts'
import { messageOf } from '../core/error.ts'
import type { Principal } from '../core/principal.ts'
import { trustBundle, trustEnvironment, type EgressGrant } from '../enforce/egress/index.ts'
import { PROXY_PORT, SandboxError, type Profile, type Way } from '../enforce/sandbox/index.ts'
import type { PermitBook, Rooms } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import type { EgressOfAgent } from './egress-policy.ts'
import { standInsFor, type Bait, type StandIns } from './egress-secrets.ts'
import type { EgressProcess } from './egress/process.ts'
import { GIVEN_AWAY } from './own-places.ts'
import type { LentSecret } from './secrets-bindings.ts'
import { BLOCKED, BlockedHosts, grantFor, NO_RUN } from './ways-out-grant.ts'
import {
  nameOf,
  RunWay,
  type Ended,
  type Place,
  type PlaceAnswer,
  type RunWayOptions,
} from './ways-out-run.ts'

/** The process that carries what leaves; it knows each run by the socket made for it. */
export type Proxy = Pick<EgressProcess, 'open' | 'shut' | 'close' | 'usage' | 'setAirlock' | 'state' | 'end'>

/** A run's way out as the planner hands it to the sandbox. */
export interface OpenWay {
  /** Absent: it reaches no network. */
  readonly way?: Way
  readonly notes: readonly string[]
  close(): Promise<void>
}

export interface WayAsked {
  readonly profile: Profile
  readonly agent: string | undefined
  /** Asked for by name for this run. */
  readonly secrets: readonly SecretWanted[]
}

export interface WayToOpen extends WayAsked {
  readonly runId: string
  /** Who the run stands for, to policy. */
  readonly principal: Principal
  /** Who the kernel takes it for. */
  readonly host: { readonly uid: number }
}

export interface WaysOutOptions extends Pick<RunWayOptions, 'again' | 'judged'> {
  readonly rooms: Rooms
  readonly permits: PermitBook
  readonly proxy: Proxy
  readonly runtimeDirectory: string
  /** Why no sandbox here can have a way out, if that is so. */
  readonly missing: () => Promise<string | undefined>
  /** What the policy in force says of how an agent reaches what it may reach. */
  readonly policyOf: (agent: string) => EgressOfAgent
  /** The secrets of a run. @throws when one that was asked for is not to be had */
  readonly lend: (asked: WayToOpen) => Promise<readonly LentSecret[]>
  /** The authorities of this machine as text; called where a run gets one more. */
  readonly systemRoots: () => string
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly log: Log
}

interface Held {
  readonly run: RunWay
  readonly agent: string
  readonly profile: Profile
  readonly grant: EgressGrant
}

/** How often it is looked whether what is open may still be: a grant ends by the clock, and tells nobody. */
const LOOK_EVERY_MS = 1000

const NOTHING: OpenWay = { notes: [], close: async () => undefined }
const BUNDLE = '/run/warder/trusted.pem'
const AUTHORITY = '/run/warder/authority.pem'

/** The ways out of all runs. A run without one reaches nothing; a run with one reaches what the gate says. */
export class WaysOut {
  /** What must not leave in any run; set by whoever plants canaries. */
  lookFor: () => readonly Bait[] = () => []
  /** Where no run gets to, whatever policy says. */
  readonly blocked = new BlockedHosts()
  readonly #options: WaysOutOptions
  readonly #runs = new Map<string, Held>()
  readonly #look: NodeJS.Timeout

  constructor(options: WaysOutOptions) {
    this.#options = options
    this.#look = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
  }

  /** What {@link open} would do, without doing it. */
  async describe(asked: WayAsked): Promise<OpenWay> {
    const why = await this.#whyNone(asked)
    return why === undefined ? { ...NOTHING, way: 'told' } : without(why)
  }

  /** @throws SandboxError when there should be a way out and the proxy does not come up; SecretsError, DeniedError */
  async open(asked: WayToOpen): Promise<OpenWay> {
    const why = await this.#whyNone(asked)
    const { profile, agent, runId } = asked
    if (why !== undefined || agent === undefined) return without(why ?? '')
    const standIns = standInsFor(await this.#options.lend(asked), this.lookFor())
    try {
      return await this.#open({ ...asked, agent }, standIns)
    } catch (error) {
      await this.#close(runId)
      if (error instanceof SandboxError) throw error
      throw new SandboxError(
        'SANDBOX_UNAVAILABLE',
        `the way out of ${agent} in ${profile.name} did not come up: ${messageOf(error)}`,
        'see the log of the daemon, or use a profile with network mode "none"',
        { cause: error },
      )
    } finally {
      standIns.close() // the proxy has its own
    }
  }

  async #open(asked: WayToOpen & { readonly agent: string }, standIns: StandIns): Promise<OpenWay> {
    const { profile, agent, runId, host } = asked
    const { rooms, permits, proxy, again, judged, monotonicMs } = this.#options
    const policy = this.#options.policyOf(agent)
    const grant = grantFor(runId, agent, policy, standIns)
    const run = new RunWay({
      ...{ rooms, permits, again, judged, monotonicMs },
      ...{ runId, agent, profile },
      // as the policy in force says it at that moment: a run may last for days
      shapesOf: (place) => this.#options.policyOf(agent).shapesOf(place),
    })
    this.#runs.set(runId, { run, agent, profile, grant })
    const isOurs = host.uid === process.getuid?.()
    const directory = isOurs ? join(this.#options.runtimeDirectory, 'egress') : GIVEN_AWAY.sockets
    // where both lie in one directory, the agent's own socket has the name without `out`
    const source = join(directory, `${runId.slice(-12)}.out.sock`)
    const { authorityPem } = await proxy.open(grant, source, isOurs ? undefined : host.uid)
    const inside = this.#insideOf(profile, authorityPem)
    return {
      way: {
        source,
        env: { ...inside.env, ...standIns.env },
        files: { ...inside.files, ...standIns.files },
      },
      // what is for no host is bait, and nobody is told of it
      notes: grant.secrets
        .filter(({ hosts }) => hosts.length > 0)
        .map(
          ({ name, hosts }) =>
            `${name} is put in by the proxy, toward ${hosts.join(', ')} alone; inside is a stand-in`,
        ),
      close: async () => void (await this.#close(runId)),
    }
  }

  #insideOf(
    profile: Profile,
    authorityPem: string | undefined,
  ): Pick<Exclude<Way, 'told' | undefined>, 'env' | 'files'> {
    const proxyUrl = `http://127.0.0.1:${PROXY_PORT}`
    const all = trustEnvironment({ bundlePath: BUNDLE, authorityPath: AUTHORITY, proxyUrl })
    const wanted = Object.entries(all).filter(([name]) => {
      const isForProxy = /proxy$/i.test(name)
      return isForProxy ? profile.network.via === 'proxy' : authorityPem !== undefined
    })
    const files =
      authorityPem === undefined
        ? {}
        : { [BUNDLE]: trustBundle(this.#options.systemRoots(), authorityPem), [AUTHORITY]: authorityPem }
    return { env: Object.fromEntries(wanted), files }
  }

  /** The answer for the proxy: may this run go there? Never throws. */
  ask(runId: string, place: Place): Promise<PlaceAnswer> {
    const held = this.#runs.get(runId)
    if (this.blocked.has(place.host)) return Promise.resolve(BLOCKED)
    return held === undefined ? Promise.resolve(NO_RUN) : held.run.ask(place)
  }

  /** Shuts what policy, grants or a stop have closed since it was opened. Never throws. */
  look(): void {
    for (const [runId, { run }] of this.#runs) {
      try {
        for (const { permit, since, host, port } of run.closedSince()) {
          this.#told(this.#options.proxy.shut(runId, host, port))
          this.#told(run.settle(permit, since, 'cancelled'))
        }
      } catch (error) {
        // whether it may stay open cannot be told: then it may not
        this.#options.log.error(`the way out of run ${runId} is shut: ${messageOf(error)}`)
        this.#told(this.#close(runId))
      }
    }
  }

  /** These have no way out any more: what carried it is gone. */
  lost(runIds: readonly string[]): void {
    for (const runId of runIds) this.#told(this.#close(runId))
  }

  /** How many runs have one. */
  get size(): number {
    return this.#runs.size
  }

  /** Ends every way out that carries this secret: what it was lent for is over. */
  withdraw(secret: string): void {
    for (const [runId, { grant }] of this.#runs) {
      if (grant.secrets.some(({ name }) => name === secret)) this.#told(this.#close(runId))
    }
  }

  /** Ends every way out that is meant, with its connections. @returns how many, and what was open to the outside */
  async endWhere(is: (way: { agent: string; secrets: readonly string[] }) => boolean): Promise<Ended> {
    const meant = [...this.#runs].filter(([, { agent, grant }]) =>
      is({ agent, secrets: grant.secrets.map(({ name }) => name) }),
    )
    const open = await Promise.all(meant.map(([runId]) => this.#close(runId)))
    const told = open.filter((each) => each !== undefined)
    return { ways: meant.length, untold: open.length - told.length, open: told.flat() }
  }

  /** No run gets there any more, whatever policy says, and what is open to there is shut. */
  async block(host: string): Promise<void> {
    this.blocked.add(host)
    for (const [runId, { run }] of this.#runs)
      for (const open of run.opened())
        if (this.blocked.has(open.host)) await this.#options.proxy.shut(runId, open.host, open.port)
  }

  async list(agent: string | undefined): Promise<WayAnswer[]> {
    const asked = [...this.#runs].filter(([, held]) => agent === undefined || held.agent === agent)
    return await Promise.all(asked.map(([runId, held]) => this.#answer(runId, held)))
  }

  async #answer(runId: string, { run, agent, profile, grant }: Held): Promise<WayAnswer> {
    const used = await this.#options.proxy.usage(runId).catch(() => undefined)
    const traffic = new Map(used?.places.map((each) => [nameOf(each), each]))
    const now = [this.#options.now(), this.#options.monotonicMs()] as const
    return {
      ...{ run: runId, agent, profile: profile.name, inspected: [...grant.intercept] },
      mode: profile.network.mode === 'domains' ? 'domains' : 'policy',
      places: run.opened().map(({ host, port, rule, since }) => {
        const { connections = 0, bytesOut = 0, bytesIn = 0 } = traffic.get(nameOf({ host, port })) ?? {}
        const opened = new Date(now[0] - (now[1] - since)).toISOString()
        return { host, port, rule, since: opened, connections, bytesOut, bytesIn }
      }),
      requests: used?.requests ?? 0,
      refused: used?.refused ?? 0,
      bytesOut: used?.bytesOut ?? 0,
      bytesIn: used?.bytesIn ?? 0,
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#look)
    await Promise.all([...this.#runs.keys()].map((runId) => this.#close(runId)))
    await this.#options.proxy.end()
  }

  /** @returns why there is none, '' where nobody expects one; undefined when there is one */
  async #whyNone({ profile, agent, secrets }: WayAsked): Promise<string | undefined> {
    const { name, network } = profile
    if (network.mode === 'none') {
      if (secrets.length === 0) return ''
      throw new SandboxError(
        'SANDBOX_UNENFORCEABLE',
        `a secret is used on the way out, and profile ${name} has no network`,
        'use a profile with network mode "policy" or "domains", such as agent',
      )
    }
    if (agent === undefined) return 'a way out belongs to an agent, and none was named'
    return await this.#options.missing()
  }

  /** @returns what was open; undefined: nobody can tell */
  async #close(runId: string): Promise<Ended['open'] | undefined> {
    const held = this.#runs.get(runId)
    if (held === undefined) return []
    this.#runs.delete(runId)
    const used = await this.#options.proxy.close(runId).catch(() => undefined) // it is gone, and all of it with it
    const byName = new Map(used?.places.map((each) => [nameOf(each), each]))
    await held.run.end((place) => byName.get(nameOf(place)))
    return used?.outward
  }

  #told(work: Promise<unknown>): void {
    void work.catch((error: unknown) => this.#options.log.error(`of a way out: ${messageOf(error)}`))
  }
}

function without(why: string): OpenWay {
  return { ...NOTHING, notes: why === '' ? [] : [`no network: ${why}`] }
}
