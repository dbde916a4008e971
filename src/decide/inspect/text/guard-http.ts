import { createModelEndpoint, modelAddress } from '../../../platform/model-endpoint.ts'
import { TextError } from './error.ts'
import type { GuardModel } from './types.ts'

export interface HttpGuardOptions {
  /** `http://127.0.0.1:8085/judge`: on this machine, by address. */
  readonly url: string
  /** Of one question (default 2 s). */
  readonly timeoutMs?: number
  readonly monotonicMs?: () => number
}

const TIMEOUT_MS = 2000
/** More is not sent: the text as such was scanned before. */
const MOST_TEXT = 200_000

/**
 * A guard behind a local HTTP address: it is sent `{"text", "channel"}` and answers `{"risk": 0 to 1}`.
 *
 * @throws TextError `TEXT_GUARD_INVALID` when the address is not one of this machine
 */
export function createHttpGuard({
  url: address,
  timeoutMs = TIMEOUT_MS,
  ...clock
}: HttpGuardOptions): GuardModel {
  const url = modelAddress(address)
  if (url === undefined)
    throw new TextError('TEXT_GUARD_INVALID', {
      what: 'the guard’s address is not of the form http://127.0.0.1:PORT/PATH',
      fix: 'run the guard on this machine and name it by a loopback address',
    })
  const endpoint = createModelEndpoint({ url, timeoutMs, failed, ...clock })
  return {
    name: url.host,
    ask: (text, channel) => endpoint.risk(JSON.stringify({ text: text.slice(0, MOST_TEXT), channel })),
  }
}

function failed(what: string, cause?: unknown): TextError {
  const fix = 'look at the guard; the verdict stands without it'
  return new TextError('TEXT_GUARD_FAILED', { what, fix, ...(cause === undefined ? {} : { cause }) })
}
