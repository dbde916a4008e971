import { identityError } from './errors.ts'

/** Who one run of an agent is: bound to the user it runs as, the directory it works in, and the program that runs. */
export interface RunIdentity {
  readonly runId: string
  readonly agent: string
  readonly uid: number
  readonly workspace: string
  readonly program: string
  /** SHA-256 hex of the program's bytes; absent when they could not be read from out here. */
  readonly programDigest?: string
}

/** The identities of the runs there are: a socket of a run that is over speaks for nobody. */
export class AgentRuns {
  readonly #byRun = new Map<string, RunIdentity>()

  /** @throws IdentityError `MEMBER_TAKEN` for a run that has one: an identity is never changed */
  begin(identity: RunIdentity): RunIdentity {
    if (this.#byRun.has(identity.runId)) {
      throw identityError('MEMBER_TAKEN', `run ${identity.runId} has an identity`, 'report this as a bug')
    }
    const frozen = Object.freeze({ ...identity })
    this.#byRun.set(identity.runId, frozen)
    return frozen
  }

  end(runId: string): void {
    this.#byRun.delete(runId)
  }

  get(runId: string): RunIdentity | undefined {
    return this.#byRun.get(runId)
  }

  /** The run of this agent whose id ends so: what the name of its socket tells. */
  ofSocket(agent: string, tail: string): RunIdentity | undefined {
    return [...this.#byRun.values()].find((run) => run.agent === agent && run.runId.endsWith(tail))
  }
}
