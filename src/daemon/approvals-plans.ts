import { digestOf } from '../core/canonical.ts'
import type { Principal } from '../core/principal.ts'
import type { Subject } from '../decide/approval/index.ts'
import type { SandboxSpec } from '../enforce/sandbox/index.ts'
import type { Seals } from './approvals-seals.ts'
import { escalationsOf, subjectOf, type Planned, type SubjectOptions } from './approvals-subject.ts'
import type { Plan, RunRequest } from './runs.ts'

type Planner = (request: RunRequest, who: Principal, runId: string) => Promise<Plan>

/** What is known of a plan, by the digest a permit for it is made for. */
export interface KnownPlan extends Planned {
  readonly agent: string | undefined
  readonly kind: RunRequest['kind']
  /** Of an agent whose trust is staged: what that trust would be about, and what it reaches for. */
  readonly staged?: { readonly capability: string; readonly reaches: readonly string[] }
}

export interface PlansOptions extends SubjectOptions {
  readonly seals: Seals
  readonly isStaged: (agent: string) => boolean
  /** Told of each plan of such an agent, before it is decided on. */
  readonly planned: (agent: string, capability: string, reaches: readonly string[]) => void
}

const MOST = 1000

/** Remembers what a plan is about, so that a question can show exactly what will run. */
export class Plans {
  readonly #options: PlansOptions
  readonly #known = new Map<string, KnownPlan>()
  /** The files a yes was about, as long as a permit may be spent on it. */
  readonly #standing = new Map<string, Subject>()

  constructor(options: PlansOptions) {
    this.#options = options
  }

  /** The same planner, whose plans are remembered. */
  watching(plan: Planner): Planner {
    return async (request, who, runId) => {
      const planned = await plan(request, who, runId)
      try {
        await this.#remember(planned, request)
        return planned
      } catch (error) {
        await planned.dispose()
        throw error
      }
    }
  }

  async #remember({ spec, workspace, notes }: Plan, { agent, kind }: RunRequest): Promise<void> {
    const plan = { spec, workspace, notes, agent, kind }
    const isStaged = kind === 'run' && agent !== undefined && this.#options.isStaged(agent)
    const staged = isStaged ? await this.#stagedOf(plan) : undefined
    if (staged !== undefined) this.#options.planned(agent ?? '', staged.capability, staged.reaches)
    this.#known.set(spec.digest, staged === undefined ? plan : { ...plan, staged })
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value ?? '')
  }

  async #stagedOf(plan: Planned): Promise<NonNullable<KnownPlan['staged']>> {
    const { segments } = await subjectOf(plan, this.#options)
    const reaches = escalationsOf(plan, this.#options).filter(({ why }) => why === 'sensitive_directory')
    return {
      capability: capabilityOf(
        plan.spec,
        segments.flatMap(({ seals }) => seals.map(({ sha256 }) => sha256)),
      ),
      reaches: reaches.map(({ parameter, path }) => `${parameter} leads to ${path}`),
    }
  }

  of(bytes: string): KnownPlan | undefined {
    return this.#known.get(bytes)
  }

  /** The command behind an action, with its files sealed now; undefined for what is no command of ours. */
  async subject(bytes: string): Promise<Subject | undefined> {
    const plan = this.of(bytes)
    return plan === undefined ? undefined : await subjectOf(plan, this.#options)
  }

  /** Whether every file of the command is still the one that was shown. */
  holds(subject: Subject | undefined): boolean {
    const { seals } = this.#options
    return (
      subject === undefined || subject.segments.every((each) => each.seals.every((seal) => seals.holds(seal)))
    )
  }

  /** From now on a permit for these bytes is only good while the files stay the same. */
  stand(bytes: string, subject: Subject | undefined): void {
    if (subject === undefined) return
    this.#standing.set(bytes, subject)
    if (this.#standing.size > MOST) this.#standing.delete(this.#standing.keys().next().value ?? '')
  }

  /** Whether a yes was given for these bytes and the files behind it have changed since. */
  isOvertaken(bytes: string): boolean {
    return !this.holds(this.#standing.get(bytes))
  }
}

/** What an agent's trust is about: what it is, what runs it, and what its sandbox shows it. */
function capabilityOf(spec: SandboxSpec, code: readonly string[]): string {
  return digestOf({
    profile: spec.profile,
    arguments: [...spec.argv],
    code: [...code],
    mounts: spec.mounts.map((mount) => [mount.type, mount.path, mount.type === 'bind' ? mount.access : '']),
    network: spec.network !== undefined || spec.bridge !== undefined,
  })
}
