import type { Approval, GateAnswer, ServerPolicy } from '../../enforce/mcp/index.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { FromMcp, WireEvent } from './words.ts'

type Of<S extends FromMcp['say']> = Extract<FromMcp, { say: S }>

/** Where what a session gives out goes. */
export interface SessionEnds {
  readonly toClient: (bytes: Buffer) => void
  readonly toServer: (bytes: Buffer) => void
  /** The client has nothing more to say, and all it said was handed on. */
  readonly serverEnd: () => void
  /** Nothing comes any more: it was closed, or the process has ended. */
  readonly ended: () => void
}

export interface McpProcessOptions {
  readonly ask: (session: number, question: Of<'ask'>['question']) => Promise<GateAnswer>
  readonly see: (session: number, kind: Of<'see'>['kind'], names: readonly string[]) => readonly string[]
  readonly approve: (session: number, asked: Of<'approve'>) => readonly Approval[]
  readonly event: (session: number, event: WireEvent) => void
  readonly taint: (session: number, labels: readonly string[], origin: string) => void
  /** The process has ended by itself, and with it every session. */
  readonly lost: (sessions: readonly number[], why: string) => void
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Pick<Log, 'warn' | 'error'>
}

export interface SessionToOpen {
  readonly session: number
  readonly policy: ServerPolicy
  readonly caller: string
  readonly agent: string
  readonly taint: readonly string[]
}
