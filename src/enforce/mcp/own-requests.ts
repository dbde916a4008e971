import type { Members, MessageId, ReadMessage } from './frame.ts'
import type { SessionPorts } from './ports.ts'

const PREFIX = 'warder:'
const OWN_MS = 30_000

interface Waiting {
  readonly untilMs: number
  readonly resolve: (result: Members) => void
  readonly reject: (error: Error) => void
}

/** What Warder itself asks a server, beside what its client does. */
export class OwnRequests {
  readonly #ports: Pick<SessionPorts, 'toServer' | 'newId' | 'monotonicMs'>
  readonly #waiting = new Map<MessageId, Waiting>()

  constructor(ports: Pick<SessionPorts, 'toServer' | 'newId' | 'monotonicMs'>) {
    this.#ports = ports
  }

  /** Whether an id could be one of ours; no client may use one. */
  static isOwn(id: MessageId): boolean {
    return typeof id === 'string' && id.startsWith(PREFIX)
  }

  send(method: string, params: Members): Promise<Members> {
    const id = `${PREFIX}${this.#ports.newId()}`
    const { promise, resolve, reject } = Promise.withResolvers<Members>()
    this.#waiting.set(id, { untilMs: this.#ports.monotonicMs() + OWN_MS, resolve, reject })
    this.#ports.toServer(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return promise
  }

  /** @returns whether it was the answer to one of ours */
  answered(id: MessageId, message: Extract<ReadMessage, { kind: 'result' | 'error' }>): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    this.#waiting.delete(id)
    if (message.kind === 'result') waiting.resolve(message.result)
    else waiting.reject(new Error(`error ${message.error.code}`)) // what it says is a stranger's word
    return true
  }

  tick(nowMs: number): void {
    for (const [id, { untilMs, reject }] of this.#waiting) {
      if (nowMs < untilMs) continue
      this.#waiting.delete(id)
      reject(new Error('it does not answer'))
    }
  }

  close(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(why))
    this.#waiting.clear()
  }
}
