import { messageOf } from '../core/error.ts'
import type { CheckContext, PolicyEngine } from '../decide/policy/index.ts'
import type { SandboxDriver } from '../enforce/sandbox/index.ts'
import { readSmallFile } from '../platform/files.ts'

/**
 * The policy file on disk and the policy in force. They differ only while the file has a problem, and then `problem`
 * says which; a file that is gone again is the empty policy, under which no agent may anything.
 */
export class PolicyFile {
  readonly path: string
  readonly #engine: PolicyEngine
  #content: Buffer | undefined
  #problem: string | undefined

  constructor(path: string, engine: PolicyEngine) {
    this.path = path
    this.#engine = engine
  }

  /** All or nothing. @throws PolicyError, FileError; then what was in force stays */
  load(): boolean {
    try {
      const bytes = readSmallFile(this.path)
      const content = bytes ?? Buffer.from('version: 1\n')
      const changed = this.#content === undefined || !content.equals(this.#content)
      // the bytes, not a text made of them: what is not UTF-8 is refused by the reader, with its place
      if (changed) this.#engine.load(content, bytes === undefined ? 'no policy file' : this.path)
      this.#content = content
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

/** What this host can hold policy to: found by trying, not assumed. */
export async function checkContext(
  driver: SandboxDriver,
  places: NonNullable<CheckContext['places']>,
  home: string,
): Promise<CheckContext> {
  const { available } = await driver.lastProbe()
  return {
    host: { sandbox: { pathRules: available, perFileDeny: available }, egress: false },
    places,
    variables: { HOME: home },
  }
}
