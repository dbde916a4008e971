/** A console that is open. */
export interface OpenConsole {
  readonly address: string
  /** By its name, since passkeys are bound to one. */
  readonly url: string
  readonly fingerprint: string
  readonly certificateUntilMs: number
  readonly sinceMs: number
  readonly hasPages: boolean
  close(): Promise<void>
}

/** What turns the console on and off. */
export interface ConsoleControl {
  /**
   * @param port also where the setting is off; without one only what is set
   * @throws ConsoleError `CONSOLE_ADDRESS`, `CONSOLE_BIND_REFUSED`, `CONSOLE_PORT`
   */
  turnOn(port?: number): Promise<OpenConsole | undefined>
  turnOff(): Promise<void>
  opened(): OpenConsole | undefined
  /** Why it is not on though it should be. */
  problem(): string | undefined
}
