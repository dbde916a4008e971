import { messageOf } from '../core/error.ts'
import type { PolicyEngine } from '../decide/policy/index.ts'
import { readSmallFile } from '../platform/files.ts'

/**
 * The policy file on disk and the policy in force. They differ only while the file has a problem, and then `problem`
 * says which; a file that is gone again is the empty policy, under which no agent may anything.
 */
export class PolicyFile {
  readonly path: string
  readonly #engine: PolicyEngine
  #text = ''
  #problem: string | undefined

  constructor(path: string, engine: PolicyEngine) {
    this.path = path
    this.#engine = engine
  }

  /** All or nothing. @throws PolicyError, FileError; then what was in force stays */
  load(): boolean {
    try {
      const bytes = readSmallFile(this.path)
      const text =
        bytes === undefined ? 'version: 1\n' : new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      const changed = text !== this.#text
      if (changed) this.#engine.load(text, bytes === undefined ? 'no policy file' : this.path)
      this.#text = text
      this.#problem = undefined
      return changed
    } catch (error) {
      this.#problem = messageOf(error)
      throw error
    }
  }

  problem(): string | undefined {
    return this.#problem
  }
}
