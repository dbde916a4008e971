import type { Rooms } from '../gate/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import type { Listener } from '../platform/unix-socket.ts'
import type { Shown } from './server.ts'
import type { AttachedRun } from './attach.ts'
import type { Handlers } from './http/app.ts'
import type { Runs } from './runs.ts'
import type { Taken } from './secrets-environment.ts'
import type { Failures } from './supervised.ts'

export interface ComposeOptions {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Variables that were taken out of the environment, because they hold secrets. */
  readonly taken?: Taken
  readonly version: string
  /** What befell the daemons before this one, as far as their supervisor knows. */
  readonly failures?: Failures
  readonly listenAgent: (path: string, agent: string, uid?: number) => Promise<Listener>
  readonly socketFacts: () => { readonly path: string; readonly peerUid: boolean }
}

/** A whole Warder: every room, wired. */
export interface House {
  readonly handlers: Handlers
  readonly rooms: Rooms
  readonly runs: Runs
  readonly attachRun: (permit: string) => Promise<AttachedRun>
  readonly reloadPolicy: () => Promise<void>
  /** Puts on record that an agent called what is not for agents. */
  readonly notForAgent: (agent: string, call: string) => Promise<void>
  /** Whether this agent may ask anything just now. @throws HttpError `RATE_LIMITED` */
  readonly admitAgent: (agent: string) => Promise<void>
  /** Told of each token that came along with a request, for whoever looks for those that are nobody's. */
  readonly shown: Shown
  readonly isBusy: () => boolean
  /** Stops the doors first, then settles and closes the record. */
  close(): Promise<void>
}
