/**
 * JSON read with its places: where a member stands in the text, and whether a key stands there twice. For what others
 * wrote and we must not misread (a payload), and for files we change without touching the rest of them.
 */
export interface JsonMember {
  readonly key: string
  /** Offset of the quote before the key. */
  readonly start: number
  readonly value: JsonNode
}

interface Placed {
  readonly start: number
  /** The offset behind the last character. */
  readonly end: number
}

export type JsonNode =
  | (Placed & { readonly kind: 'object'; readonly members: readonly JsonMember[] })
  | (Placed & { readonly kind: 'array'; readonly items: readonly JsonNode[] })
  | (Placed & { readonly kind: 'scalar'; readonly value: string | number | boolean | null })

export interface JsonTextOptions {
  /** Comments and a trailing comma, as settings of editors have them; a payload may have neither. */
  readonly isLenient?: boolean
  readonly maxDepth?: number
}

/** Why a text is not JSON, with the offset. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError'
  readonly offset: number

  constructor(what: string, offset: number) {
    super(`${what} at character ${offset + 1}`)
    this.offset = offset
  }
}

const MAX_DEPTH = 100
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const BLANK = /[ \t\n\r]*/y
const BLANK_OR_COMMENT = /(?:[ \t\n\r]|\/\/[^\n]*|\/\*[^]*?\*\/)*/y

/**
 * @throws JsonTextError for what is not JSON, for what is nested too deep, and for a key that stands twice in one
 * object: two readers of it may see different values
 */
export function readJsonText(text: string, options: JsonTextOptions = {}): JsonNode {
  return new Reader(text, options).whole()
}

/** The value as plain data. Keys are own properties, `__proto__` too. */
export function plainOf(node: JsonNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'array') return node.items.map(plainOf)
  return Object.fromEntries(node.members.map(({ key, value }) => [key, plainOf(value)]))
}

/** Half a character, written as an escape: no text in UTF-8 can hold it, so whoever writes it on writes another text. */
const HALF = /\\u[dD][89a-fA-F]/

/**
 * Whether a value holds half a character in a text or a key.
 *
 * @param text what it was read from, to tell at once that it holds none
 */
export function hasHalfCharacter(value: unknown, text: string): boolean {
  if (!HALF.test(text)) return false
  const left = [value]
  while (left.length > 0) {
    const each = left.pop()
    if (typeof each === 'string' && !each.isWellFormed()) return true
    if (typeof each !== 'object' || each === null) continue
    for (const [key, inner] of Object.entries(each)) left.push(key, inner)
  }
  return false
}

/** The member of an object, if it is one and has it. */
export function memberOf(node: JsonNode | undefined, key: string): JsonMember | undefined {
  return node?.kind === 'object' ? node.members.find((member) => member.key === key) : undefined
}

class Reader {
  readonly #text: string
  readonly #isLenient: boolean
  readonly #maxDepth: number
  #at = 0

  constructor(text: string, { isLenient = false, maxDepth = MAX_DEPTH }: JsonTextOptions) {
    this.#text = text
    this.#isLenient = isLenient
    this.#maxDepth = maxDepth
  }

  whole(): JsonNode {
    const node = this.#node(0)
    this.#blank()
    if (this.#at < this.#text.length) throw this.#wrong('something follows the value')
    return node
  }

  #node(depth: number): JsonNode {
    if (depth > this.#maxDepth) throw this.#wrong(`it is nested deeper than ${this.#maxDepth} levels`)
    this.#blank()
    const start = this.#at
    const first = this.#text[start]
    if (first === '{') return this.#object(start, depth)
    if (first === '[') return this.#array(start, depth)
    const value =
      first === '"' ? this.#string() : (JSON.parse(this.#take(WORD, 'a value is missing')) as null)
    return { kind: 'scalar', start, end: this.#at, value }
  }

  #object(start: number, depth: number): JsonNode {
    const members: JsonMember[] = []
    const seen = new Set<string>()
    this.#list('}', () => {
      const at = this.#at
      const key = this.#string()
      if (seen.has(key))
        throw new JsonTextError(`the key ${JSON.stringify(key.slice(0, 80))} stands twice`, at)
      seen.add(key)
      this.#blank()
      this.#expect(':')
      members.push({ key, start: at, value: this.#node(depth + 1) })
    })
    return { kind: 'object', start, end: this.#at, members }
  }

  #array(start: number, depth: number): JsonNode {
    const items: JsonNode[] = []
    this.#list(']', () => items.push(this.#node(depth + 1)))
    return { kind: 'array', start, end: this.#at, items }
  }

  /** What stands between two brackets, the first of which is next. */
  #list(close: string, each: () => void): void {
    this.#at += 1
    for (let isFirst = true; ; isFirst = false) {
      this.#blank()
      if (this.#text[this.#at] === close && (isFirst || this.#isLenient)) break
      each()
      this.#blank()
      if (this.#text[this.#at] === close) break
      this.#expect(',')
    }
    this.#at += 1
  }

  #string(): string {
    return JSON.parse(this.#take(STRING, 'a string is missing or not well-formed')) as string
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#wrong(`"${character}" is missing`)
    this.#at += 1
  }

  #blank(): void {
    this.#take(this.#isLenient ? BLANK_OR_COMMENT : BLANK, '')
  }

  #take(pattern: RegExp, missing: string): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) throw this.#wrong(missing)
    this.#at += found.length
    return found
  }

  #wrong(what: string): JsonTextError {
    return new JsonTextError(what, this.#at)
  }
}
