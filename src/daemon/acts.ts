import type { Action } from '../core/action.ts'
import { digestOf, type Json } from '../core/canonical.ts'
import { newId } from '../core/id.ts'
import type { Door } from '../core/permit.ts'
import type { RiskLevel } from '../core/risk.ts'
import {
  pass,
  permitOf,
  throughDoor,
  type Credential,
  type PermitBook,
  type Rooms,
  type Verdict,
} from '../gate/index.ts'

export interface Asked {
  readonly credential: Credential
  readonly namespace: string
  readonly verb: string
  readonly resource: string
  readonly risk: RiskLevel
  /** Everything that will be done; the permit is for its digest. */
  readonly input: Json
  readonly reason?: string
}

export interface ActsOptions {
  readonly rooms: Rooms
  readonly permits: PermitBook
  readonly monotonicMs: () => number
}

/** How every administrative act goes: ask the gate, spend the permit at the door, act, settle. */
export function createActs({ rooms, permits, monotonicMs }: ActsOptions) {
  const ask = (asked: Asked, door?: Door): Promise<Verdict> => {
    const action: Action = {
      namespace: asked.namespace,
      verb: asked.verb,
      resource: asked.resource,
      risk: asked.risk,
      bytes: digestOf(asked.input),
      ...(asked.reason === undefined ? {} : { reason: asked.reason }),
    }
    const request = { id: newId(), credential: asked.credential, action }
    return pass(door === undefined ? request : { ...request, door }, rooms)
  }
  return {
    ask,
    /** @throws DeniedError when the gate says no; whatever `act` throws, after it was settled as an error */
    async act<T>(
      asked: Asked,
      door: Door,
      act: (verdict: Verdict) => T | Promise<T>,
    ): Promise<{ value: T; verdict: Verdict }> {
      const verdict = await ask(asked, door)
      const at = { permit: permitOf(verdict), door, bytes: digestOf(asked.input) }
      return { value: await throughDoor(permits, at, () => act(verdict), monotonicMs), verdict }
    },
  }
}

export type Acts = ReturnType<typeof createActs>
