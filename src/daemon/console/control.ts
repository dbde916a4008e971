import type { Caller } from '../http/app.ts'
import type { PolicyChange, PolicyPut } from './policy.ts'

/** A console that is open. */
export interface OpenConsole {
  readonly address: string
  /** By its name, since passkeys are bound to one. */
  readonly url: string
  readonly fingerprint: string
  readonly certificateUntilMs: number
  /** Whose certificates browsers have to show; none: nobody is asked for one. */
  readonly clientAuthorities: readonly { readonly name: string; readonly untilMs: number }[]
  readonly sinceMs: number
  readonly hasPages: boolean
  /** Whether a browser is connected. */
  isInUse(): boolean
  close(): Promise<void>
}

/** What turns the console on and off, and what its pages do that no command has a call for. */
export interface ConsoleControl {
  /** @throws whatever `putPolicy` throws */
  putPolicy(change: PolicyChange, caller: Caller): Promise<PolicyPut>
  /**
   * @param port also where the setting is off; without one only what is set
   * @throws ConsoleError `CONSOLE_ADDRESS`, `CONSOLE_BIND_REFUSED`, `CONSOLE_PORT`
   */
  turnOn(port?: number): Promise<OpenConsole | undefined>
  turnOff(): Promise<void>
  opened(): OpenConsole | undefined
  /**
   * Whether somebody uses it, or is about to: is connected, logged in, or holds a link that still lets in. A daemon that
   * ends by itself when nobody needs it must not end under them.
   */
  isInUse(): boolean
  /** That a link was made, which lets in until then. */
  awaits(untilMs: number): void
  /** That somebody logged in by one. */
  came(): void
  /** Why it is not on though it should be. */
  problem(): string | undefined
}
