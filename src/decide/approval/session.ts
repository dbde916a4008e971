import type { Action } from '../../core/action.ts'
import { actionName } from '../../core/action.ts'
import { matches, type CommandPattern } from './pattern.ts'
import type { Subject } from './subject.ts'

interface Yes {
  readonly id: string
  readonly principal: string
  readonly task: string | undefined
  /** The command, or for what is none the action to the byte: its name may leave out what it would do. */
  readonly pattern: CommandPattern | undefined
  readonly action: string
  readonly bytes: string
  readonly until: number
}

const MOST = 1000

/**
 * What was allowed "for this session": the same command or the same action, of the same agent in the same task, until
 * the agent's runs are over or the time is. Kept in memory alone: a restart forgets it.
 */
export class SessionYes {
  readonly #all: Yes[] = []

  add(yes: Omit<Yes, 'action' | 'bytes'> & { readonly action: Action }): void {
    this.#all.push({ ...yes, action: actionName(yes.action), bytes: yes.action.bytes })
    if (this.#all.length > MOST) this.#all.shift()
  }

  /** @returns the id of the question that was answered so */
  match(principal: string, action: Action, subject: Subject | undefined, now: number): string | undefined {
    const name = actionName(action)
    return this.#all.find(
      (yes) =>
        yes.principal === principal &&
        yes.task === action.task &&
        now < yes.until &&
        (yes.pattern === undefined
          ? subject === undefined && yes.action === name && yes.bytes === action.bytes
          : subject !== undefined && matches(yes.pattern, subject)),
    )?.id
  }

  /** Ends what an agent was allowed, or with no name what everybody was. */
  end(principal?: string): void {
    const kept = this.#all.filter((yes) => principal !== undefined && yes.principal !== principal)
    this.#all.splice(0, this.#all.length, ...kept)
  }
}
