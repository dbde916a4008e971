import { KnownError, messageOf } from '../../core/error.ts'
import { readSmallFile } from '../../platform/files.ts'
import { withOwn, type Rule, type RuleInForce } from '../../watch/detect/index.ts'

/**
 * The owner's rules on disk and the rules in force. They differ only while the file has a problem, and then `problem`
 * says which; without a file the shipped rules are what there is.
 */
export class DetectRules {
  readonly path: string
  #content: Buffer | undefined
  #all: readonly RuleInForce[] = []
  #isLoaded = false
  #problem: string | undefined

  constructor(path: string) {
    this.path = path
  }

  /** All or nothing. @returns whether other rules are in force now. @throws DetectError, FileError; then what was in force stays */
  async load(): Promise<boolean> {
    try {
      const content = readSmallFile(this.path)
      const isSame = this.#isLoaded && same(content, this.#content) && this.#problem === undefined
      if (isSame) return false
      const { SHIPPED_RULES } = await import('../../watch/detect/shipped.ts')
      // the YAML reader is the slowest import there is: only those who have a file pay for it
      const own =
        content === undefined
          ? { version: 1 as const, disable: [], rules: [] }
          : (await import('../../watch/detect/read.ts')).parseRules(textOf(content, this.path), this.path)
      this.#all = withOwn(SHIPPED_RULES, own)
      this.#content = content
      this.#isLoaded = true
      this.#problem = undefined
      return true
    } catch (error) {
      const where = error instanceof KnownError && error.where !== undefined ? `${error.where}: ` : ''
      this.#problem = `${where}${messageOf(error)}`
      throw error
    }
  }

  /** The shipped rules alone, for a start with a file that cannot be read. */
  async shippedOnly(): Promise<void> {
    const { SHIPPED_RULES } = await import('../../watch/detect/shipped.ts')
    this.#all = withOwn(SHIPPED_RULES, { version: 1, disable: [], rules: [] })
    this.#isLoaded = true
  }

  get all(): readonly RuleInForce[] {
    return this.#all
  }

  inForce(): readonly Rule[] {
    return this.#all.filter(({ isOff }) => !isOff).map(({ rule }) => rule)
  }

  problem(): string | undefined {
    return this.#problem
  }
}

function same(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other)
}

/** Bytes that are no text are refused rather than mended: a rule must say what was written. */
function textOf(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Error(`${path} is not UTF-8`, { cause })
  }
}
