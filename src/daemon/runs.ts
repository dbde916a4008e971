import type { RunInput } from '../api/endpoints.ts'
import type { Action } from '../core/action.ts'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { Permit, PermitClaims } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'
import type { z } from 'zod'
import type { Running, SandboxSpec, TerminalSize } from '../enforce/sandbox/index.ts'
import { pass, permitOf, type Credential, type PermitBook, type Rooms, type Verdict } from '../gate/index.ts'

export const RUN_ERRORS = {
  RUN_AGENT_UNNAMED: { kind: 'invalid', meaning: 'a run needs the name of its agent' },
  RUN_UNKNOWN: {
    kind: 'missing',
    meaning: 'the permit is for a run nobody prepared, or one that was forgotten',
  },
} as const satisfies ErrorCatalogue

export class RunError extends KnownError<typeof RUN_ERRORS> {
  override readonly name = 'RunError'
}

export type RunRequest = z.output<typeof RunInput>

/** Exactly what will be done, once the gate has said yes. */
export interface Plan {
  readonly spec: SandboxSpec
  /** What a person should know before it starts. */
  readonly notes: readonly string[]
  /** The grants that make the sandbox wider than its profile; when one ends, the run ends. */
  readonly grants: readonly string[]
  /** Whether policy and grants still say what the plan was made from. */
  stillHolds(): boolean
  /** Frees what was made for the plan, such as the agent's socket. */
  dispose(): Promise<void>
}

export interface Prepared {
  readonly runId: string
  readonly agent: string
  readonly verdict: Verdict
  readonly permit: Permit
  readonly plan: Plan
}

export interface RunsOptions {
  readonly rooms: Rooms
  readonly permits: PermitBook
  /** Turns a request into a plan. @throws SandboxError when it cannot be shown or enforced; that is a refusal too */
  readonly plan: (request: RunRequest, who: Principal, runId: string) => Promise<Plan>
  /** The door: spends the permit, then starts. */
  readonly open: (
    permit: Permit,
    spec: SandboxSpec,
    options: { runId: string; agent: string; terminal?: TerminalSize },
  ) => Promise<Running>
  /** Records a refusal that no decision made: a plan that could not be. */
  readonly refused: (who: Principal, action: Omit<Action, 'bytes'>, error: unknown) => Promise<void>
  /** Owner's words for the run's own grants. */
  readonly addGrant: (credential: Credential, request: RunRequest, capability: string) => Promise<void>
  readonly forgetAfterMs: number
}

export interface LiveRun {
  readonly running: Running
  readonly workspace: string
  readonly grants: readonly string[]
  readonly spec: SandboxSpec
}

/** Runs, from the question to the end. A plan is kept only as long as its permit can be spent. */
export class Runs {
  readonly #options: RunsOptions
  readonly #prepared = new Map<
    string,
    Prepared & { readonly request: RunRequest; readonly timer: NodeJS.Timeout }
  >()
  readonly #live = new Map<string, LiveRun>()

  constructor(options: RunsOptions) {
    this.#options = options
  }

  /** Plans, asks the gate, and keeps the plan for whoever comes with the permit. @throws DeniedError, SandboxError */
  async prepare(credential: Credential, request: RunRequest): Promise<Prepared> {
    const { rooms, plan, addGrant, refused } = this.#options
    const agent = agentOf(request)
    const asking = request.kind === 'exec' ? speaker(credential, request.agent) : credential
    const who = rooms.identify(asking)
    for (const capability of request.grants) await addGrant(credential, request, capability)
    const runId = newId()
    const planned = await plan(request, who, runId).catch(async (error: unknown) => {
      await refused(who, actionFor(request, agent, request.argv[0] ?? ''), error)
      throw error
    })
    try {
      const action = {
        ...actionFor(request, agent, planned.spec.argv[0] ?? ''),
        bytes: planned.spec.digest,
        about: aboutOf(planned, request, runId),
      }
      const verdict = await pass({ id: newId(), credential: asking, action, door: 'sandbox' }, rooms)
      const permit = permitOf(verdict)
      const prepared = { runId, agent, verdict, permit, plan: planned }
      const timer = setTimeout(() => this.#forget(permit), this.#options.forgetAfterMs).unref()
      this.#prepared.set(permit.claims.id, { ...prepared, request, timer })
      return prepared
    } catch (error) {
      await planned.dispose()
      throw error
    }
  }

  /** Spends the permit behind a token and starts what was planned. @throws PermitError, SandboxError, RunError */
  async open(token: string): Promise<Running> {
    const permit = this.#options.permits.find(token, 'sandbox')
    const prepared = this.#prepared.get(permit.claims.id)
    if (prepared === undefined) {
      // a spent permit is told as such, not hidden behind "unknown"
      this.#options.permits.check(permit, 'sandbox', permit.claims.bytes)
      throw new RunError(RUN_ERRORS, 'RUN_UNKNOWN', {
        what: 'nothing was prepared for that permit',
        fix: 'ask for the run again',
      })
    }
    clearTimeout(prepared.timer)
    this.#prepared.delete(permit.claims.id)
    // the decision was about starting the agent: what the sandbox shows came from rules and grants that may be gone
    if (!holds(prepared.plan)) {
      const isThis = (claims: PermitClaims): boolean => claims.id === permit.claims.id
      this.#options.permits.cancel(isThis, 'a rule or grant the sandbox was planned with has changed')
    }
    return await this.start(prepared, prepared.request)
  }

  /** Starts a prepared run at once; the library's way, where no token crosses a border. */
  async start({ permit, plan, runId, agent }: Prepared, request: RunRequest): Promise<Running> {
    const at = { runId, agent, ...(request.terminal === undefined ? {} : { terminal: request.terminal }) }
    let running: Running
    try {
      running = await this.#options.open(permit, plan.spec, at)
    } catch (error) {
      await plan.dispose()
      throw error
    }
    this.#live.set(runId, { running, workspace: request.workspace, grants: plan.grants, spec: plan.spec })
    running.exit
      .then(() => {
        this.#live.delete(runId)
        return plan.dispose()
      })
      .catch(() => undefined) // a socket that would not close must not end the daemon with every other run
    // a revocation that came while this was being built found no run to end; a run that cannot be ended is an error
    if (!holds(plan)) await running.kill('a rule or grant the sandbox was planned with has changed')
    return running
  }

  live(): readonly LiveRun[] {
    return [...this.#live.values()]
  }

  /** Ends every run that was made wider by this grant. */
  async endUsersOf(grant: string, why: string): Promise<number> {
    const users = this.live().filter(({ grants }) => grants.includes(grant))
    await Promise.all(users.map(({ running }) => running.kill(why)))
    return users.length
  }

  #forget(permit: Permit): void {
    const prepared = this.#prepared.get(permit.claims.id)
    this.#prepared.delete(permit.claims.id)
    void prepared?.plan.dispose()
  }
}

/** A plan that cannot be judged again counts as overtaken, and is disposed of like one. */
function holds(plan: Plan): boolean {
  try {
    return plan.stillHolds()
  } catch {
    return false
  }
}

/** Who runs: the named agent, or for a command the owner gives, `owner`. */
function agentOf(request: RunRequest): string {
  if (request.agent !== undefined) return request.agent
  if (request.kind === 'exec') return 'owner'
  throw new RunError(RUN_ERRORS, 'RUN_AGENT_UNNAMED', {
    what: 'the run names no agent',
    fix: 'name it: warder run --agent NAME -- …',
  })
}

/** Only the owner may speak for an agent; an agent that names another is still itself. */
export function speaker(credential: Credential, as: string | undefined): Credential {
  return as === undefined || credential.kind === 'agent' ? credential : { ...credential, as }
}

/** Arguments may hold secrets: the ledger redacts what it knows the shape of, and what is too long is cut. */
function aboutOf({ spec, grants }: Plan, request: RunRequest, runId: string): Record<string, string> {
  return {
    run: runId,
    command: spec.argv.join(' ').slice(0, 2000),
    profile: spec.profile,
    workspace: request.workspace,
    ...(grants.length === 0 ? {} : { grants: grants.join(' ') }),
  }
}

function actionFor(request: RunRequest, agent: string, program: string): Omit<Action, 'bytes'> {
  const named =
    request.kind === 'run'
      ? { namespace: 'agent', verb: 'start', resource: agent }
      : { namespace: 'process', verb: 'spawn', resource: program }
  return { ...named, risk: 'medium', ...(request.reason === undefined ? {} : { reason: request.reason }) }
}
