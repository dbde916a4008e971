import type { GateAnswer, GateQuestion, SessionPorts } from './ports.ts'

const MOST = 2000

/** What the gate allowed for a session: the same question is not asked twice until it is forgotten. */
export class RememberedAnswers {
  readonly #ports: Pick<SessionPorts, 'decide'>
  readonly #answers = new Map<string, GateAnswer>()
  /** Rises with each {@link clear}: an answer on its way then is good for its own call alone. */
  #round = 0

  constructor(ports: Pick<SessionPorts, 'decide'>) {
    this.#ports = ports
  }

  ask(question: GateQuestion): GateAnswer | Promise<GateAnswer> {
    const { kind, name, touched, flows, isAsked } = question
    // what touches a file has to be known where files are: it may carry labels by now
    if (isAsked || flows.length > 0 || touched.length > 0) return this.#ports.decide(question)
    const key = `${kind} ${name}`
    const before = this.#answers.get(key)
    return before ?? this.#first(key, question)
  }

  async #first(key: string, question: GateQuestion): Promise<GateAnswer> {
    const round = this.#round
    const answer = await this.#ports.decide(question)
    if (answer.effect !== 'allow' || answer.for !== 'session' || round !== this.#round) return answer
    if (this.#answers.size >= MOST) this.#answers.clear()
    this.#answers.set(key, answer)
    return answer
  }

  clear(): void {
    this.#round += 1
    this.#answers.clear()
  }
}
