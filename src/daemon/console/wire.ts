import { messageOf } from '../../core/error.ts'
import type { Caller } from '../http/app.ts'
import { bindOf } from './bind.ts'
import type { ConsoleWorld } from './console.ts'
import type { ConsoleControl, OpenConsole } from './control.ts'
import { putPolicy, type PolicyChange, type PolicyPut } from './policy.ts'

/** The console of a daemon: off until a setting or a command turns it on; its code is loaded only then. */
export class DaemonConsole implements ConsoleControl {
  readonly #world: ConsoleWorld
  #open: OpenConsole | undefined
  #problem: string | undefined
  /** Until when the links that were made and not used let in. */
  #awaited: readonly number[] = []
  /** One turn after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(world: ConsoleWorld) {
    this.#world = world
  }

  turnOn(port?: number): Promise<OpenConsole | undefined> {
    return this.#next(async () => {
      const bind = bindOf(this.#world.people.settings, port)
      if (this.#open !== undefined || bind === undefined) return this.#open
      const { openConsole } = await import('./console.ts')
      this.#open = await openConsole(this.#world, bind)
      this.#problem = undefined
      return this.#open
    })
  }

  turnOff(): Promise<void> {
    return this.#next(async () => {
      const open = this.#open
      this.#open = undefined
      await open?.close()
    })
  }

  /** As the settings say; a port that is taken keeps nobody from guarding. @throws ConsoleError for settings that are wrong */
  async begin(): Promise<void> {
    const { people, log } = this.#world
    if (bindOf(people.settings) === undefined) return
    try {
      await this.turnOn()
    } catch (error) {
      this.#problem = messageOf(error)
      log.error(`the console is not on: ${this.#problem}`)
    }
  }

  opened(): OpenConsole | undefined {
    return this.#open
  }

  isInUse(): boolean {
    const { people, clock } = this.#world
    if (this.#open === undefined) return false
    if (this.#open.isInUse() || this.#awaited.some((untilMs) => clock.now() < untilMs)) return true
    const sessions = people.room.roomsIfAny()?.sessions.list() ?? []
    return sessions.some(({ console: at }) => at !== null)
  }

  awaits(untilMs: number): void {
    this.#awaited = [...this.#awaited.filter((each) => this.#world.clock.now() < each), untilMs]
  }

  came(): void {
    this.#awaited = this.#awaited.slice(1)
  }

  putPolicy(change: PolicyChange, caller: Caller): Promise<PolicyPut> {
    return this.#next(() => putPolicy(this.#world, change, caller))
  }

  problem(): string | undefined {
    return this.#problem
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}
