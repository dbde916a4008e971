import type { Action } from '../core/action.ts'
import type { Principal } from '../core/principal.ts'

const MOST_REMEMBERED = 10_000

/** How often people are asked for how much work, since the daemon began. */
export class Prompts {
  readonly #tasks = new Set<string>()
  #prompts = 0
  #count = 0

  asked(): void {
    this.#prompts += 1
  }

  /** A run, or the task an agent names, counts once. */
  saw(who: Principal, { about, task, namespace, verb }: Action): void {
    const isWork = who.role === 'agent' || (namespace === 'agent' && verb === 'start')
    const key = task ?? about?.['run']
    if (!isWork || key === undefined || this.#tasks.has(key)) return
    this.#count += 1
    this.#tasks.add(key)
    if (this.#tasks.size > MOST_REMEMBERED) this.#tasks.delete(this.#tasks.values().next().value ?? '')
  }

  facts(): { readonly prompts: number; readonly tasks: number; readonly perTask: number } {
    const perTask = this.#count === 0 ? 0 : Math.round((this.#prompts / this.#count) * 100) / 100
    return { prompts: this.#prompts, tasks: this.#count, perTask }
  }
}
