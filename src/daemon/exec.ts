import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import type { ExecInput, ForwardInput } from '../api/endpoints.ts'
import type { StopStore } from '../contain/stop/index.ts'
import type { Action } from '../core/action.ts'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { Permit } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'
import {
  diskLookup,
  insideCommand,
  insideDigest,
  portDigest,
  SandboxError,
  type InsideCommand,
  type PortForward,
  type Profile,
  type RunningCommand,
  type SandboxDoor,
} from '../enforce/sandbox/index.ts'
import { pass, permitOf, type Credential, type Rooms, type Verdict } from '../gate/index.ts'
import type { z } from 'zod'
import { foreignFiles } from '../platform/foreign-files.ts'
import type { AttachedRun } from './attach.ts'
import { cutText } from './cut-text.ts'
import { ratedAction } from './command-risk.ts'
import { askNamed } from './named-paths.ts'
import { attachedCommand, attachedForward } from './exec-attached.ts'
import type { LiveRun } from './runs.ts'
import { stopReason } from './housekeeping.ts'
import { withinMs, type Settlements } from './settlements.ts'

export const INSIDE_ERRORS = {
  RUN_AMBIGUOUS: { kind: 'conflict', meaning: 'several runs of that agent go on, and one must be named' },
} as const satisfies ErrorCatalogue

export class InsideError extends KnownError<typeof INSIDE_ERRORS> {
  override readonly name = 'InsideError'
}

export interface InsideOptions {
  readonly rooms: Rooms
  readonly door: Pick<SandboxDoor, 'enter' | 'forward'>
  readonly live: () => readonly LiveRun[]
  readonly profiles: () => ReadonlyMap<string, Profile>
  readonly stops: StopStore
  readonly settlements: Settlements
  /** Records a refusal that no decision made. */
  readonly refused: (who: Principal, action: Omit<Action, 'bytes'>, error: unknown) => Promise<void>
  readonly forgetAfterMs: number
  /** Counts a use of a run. @returns to be called when it is over @throws when it takes no more */
  readonly use: (runId: string) => () => void
}

export interface PreparedInside {
  readonly live: LiveRun
  readonly verdict: Verdict
  readonly permit: Permit
}

type Waiting =
  | {
      readonly act: 'command'
      readonly permit: Permit
      readonly command: InsideCommand
      readonly agent: string
    }
  | {
      readonly act: 'forward'
      readonly permit: Permit
      readonly port: number
      readonly ticket: string
      readonly runId: string
      readonly agent: string
    }

/** How long the end of a command waits to be on record before it is told all the same. */
const RECORD_WAIT_MS = 2000

/** What its owner does in a sandbox that runs: further commands, and ways in to ports. */
export class Inside {
  readonly #options: InsideOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #forwards = new Map<string, PortForward>()
  /** Why an agent must not run now. */
  readonly #stopReason = (agent: string): string | undefined => stopReason(this.#options.stops, agent)

  constructor(options: InsideOptions) {
    this.#options = options
  }

  /** Asks the gate for a command in a running sandbox. @throws DeniedError, SandboxError, RunError */
  async prepareCommand(
    credential: Credential,
    request: z.output<typeof ExecInput>,
  ): Promise<PreparedInside & { readonly command: InsideCommand }> {
    const spawn = actionOf('process', 'spawn', request.argv[0] ?? '', request.reason)
    await askNamed(request.argv, request.workspace ?? '/', '/')
    const { live, command } = await this.#planned(credential, spawn, () => {
      const found = this.#find(request)
      const { spec, running } = found
      const profile = this.#options.profiles().get(spec.profile)
      return { live: found, command: insideCommand(running.runId, request, spec, profile, diskLookup) }
    })
    const action = {
      ...spawn,
      resource: command.argv[0] ?? '',
      bytes: insideDigest(command),
      about: { ...aboutOf(live), command: cutText(command.argv.join(' '), 2000) },
    }
    const { agent } = live.running
    const place = { ...command, workspace: live.workspace }
    await askNamed(command.argv, command.cwd, '/')
    const asked = await this.#ask(credential, await ratedAction(action, place, live.spec))
    this.#keep({ act: 'command', permit: asked.permit, command, agent })
    return { live, command, ...asked }
  }

  /** Asks the gate for a way in to a port of a running sandbox. @returns the ticket its connections come with */
  async prepareForward(
    credential: Credential,
    request: z.output<typeof ForwardInput>,
  ): Promise<PreparedInside & { readonly ticket: string }> {
    const { port, reason } = request
    const connect = actionOf('net', 'connect', `127.0.0.1:${port}`, reason)
    const { live } = await this.#planned(credential, connect, () => ({ live: this.#find(request) }))
    const { runId, agent } = live.running
    const bytes = portDigest({ runId, port })
    const asked = await this.#ask(credential, { ...connect, bytes, about: aboutOf(live) })
    const ticket = randomBytes(32).toString('base64url')
    this.#keep({ act: 'forward', permit: asked.permit, port, ticket, runId, agent })
    return { live, ticket, ...asked }
  }

  /**
   * Does what a permit, or the ticket of an open forward, is for.
   *
   * @returns undefined when neither is known here
   */
  async open(token: string): Promise<AttachedRun | undefined> {
    const forward = this.#forwards.get(token)
    if (forward !== undefined) return await this.#connect(forward)
    const waiting = this.#waiting.get(token)
    if (waiting === undefined) return undefined
    this.#waiting.delete(token)
    this.#refuseStopped(waiting.agent)
    const recorded = this.#recordedOf(waiting.permit)
    try {
      return waiting.act === 'command'
        ? await this.#enter(waiting, recorded)
        : await this.#forward(waiting, recorded)
    } catch (error) {
      this.#options.settlements.tell(waiting.permit.claims.id, false) // refused at the door, it is never settled
      throw error
    }
  }

  async #enter(
    { permit, command, agent }: Waiting & { act: 'command' },
    recorded: () => Promise<boolean>,
  ): Promise<AttachedRun> {
    const running = await this.#used(command.runId, () => this.#options.door.enter(permit, command))
    return attachedCommand(running, { runId: command.runId, agent }, this.#stopReason, recorded)
  }

  async #forward(
    { permit, runId, port, ticket }: Waiting & { act: 'forward' },
    recorded: () => Promise<boolean>,
  ): Promise<AttachedRun> {
    const forward = await this.#options.door.forward(permit, { runId, port })
    this.#forwards.set(ticket, forward)
    void forward.ended.then(() => this.#forwards.delete(ticket))
    return attachedForward(forward, this.#stopReason, recorded)
  }

  async #connect(forward: PortForward): Promise<AttachedRun> {
    this.#refuseStopped(forward.agent)
    const at = { runId: forward.runId, agent: forward.agent }
    const connection = await this.#used(forward.runId, () => forward.connect())
    return attachedCommand(connection, at, this.#stopReason, async () => true)
  }

  /** A use of the run, from before it begins until it has ended. */
  async #used(runId: string, begin: () => Promise<RunningCommand>): Promise<RunningCommand> {
    const over = this.#options.use(runId)
    try {
      const command = await begin()
      void command.exit.then(over)
      return command
    } catch (error) {
      over()
      throw error
    }
  }

  /** Finds out what would be done; that there is nothing to do it to is on record like any refusal. */
  async #planned<T>(credential: Credential, action: Omit<Action, 'bytes'>, plan: () => T): Promise<T> {
    const { rooms, refused } = this.#options
    try {
      return plan()
    } catch (error) {
      await refused(rooms.identify(credential), action, error)
      throw error
    }
  }

  async #ask(credential: Credential, action: Action): Promise<{ verdict: Verdict; permit: Permit }> {
    const verdict = await pass({ id: newId(), credential, action, door: 'sandbox' }, this.#options.rooms)
    return { verdict, permit: permitOf(verdict) }
  }

  /** The one run that is meant, by its agent's name or its own number. */
  #find({ agent, workspace }: { agent: string; workspace?: string | undefined }): LiveRun {
    const place = workspace === undefined ? undefined : realOf(workspace)
    const found = this.#options
      .live()
      .filter(({ running }) => running.agent === agent || running.runId === agent)
      .filter((live) => place === undefined || live.workspace === place)
    const [only, ...others] = found
    const where = workspace === undefined ? '' : ` in ${workspace}`
    if (only === undefined) {
      const why = this.#stopReason(agent)
      if (why !== undefined) throw stopped(agent, why)
      throw new SandboxError(
        'SANDBOX_RUN_MISSING',
        `nothing runs as ${agent}${where}`,
        `see what runs: warder status; start it: warder run --agent ${agent} -- …`,
      )
    }
    if (others.length === 0) {
      this.#refuseStopped(only.running.agent)
      return only
    }
    throw new InsideError(INSIDE_ERRORS, 'RUN_AMBIGUOUS', {
      what: `${found.length} runs of ${agent} go on${where}: ${found.map(({ running }) => running.runId).join(', ')}`,
      fix: 'name the run instead of its agent, or its directory with --workspace',
    })
  }

  #refuseStopped(agent: string): void {
    const why = this.#stopReason(agent)
    if (why !== undefined) throw stopped(agent, why)
  }

  #keep(waiting: Waiting): void {
    const { token } = waiting.permit
    this.#waiting.set(token, waiting)
    setTimeout(() => this.#waiting.delete(token), this.#options.forgetAfterMs).unref()
  }

  #recordedOf(permit: Permit): () => Promise<boolean> {
    const settled = this.#options.settlements.expect(permit.claims.id)
    return () => withinMs(settled, RECORD_WAIT_MS)
  }
}

function stopped(agent: string, why: string): SandboxError {
  return new SandboxError(
    'SANDBOX_STOPPED',
    `nothing is started in the sandbox of ${agent}: ${why}`,
    `lift the stop first: warder resume ${agent} --reason '…'`,
  )
}

function realOf(path: string): string {
  if (foreignFiles.isSilent(path)) return path
  try {
    return realpathSync(path)
  } catch {
    return path // no run has it, and that will be said
  }
}

function actionOf(
  namespace: string,
  verb: string,
  resource: string,
  reason: string | undefined,
): Omit<Action, 'bytes'> {
  return { namespace, verb, resource, risk: 'medium', ...(reason === undefined ? {} : { reason }) }
}

function aboutOf({ running, workspace }: LiveRun): Record<string, string> {
  return { run: running.runId, inside: running.agent, profile: running.profile, workspace }
}
