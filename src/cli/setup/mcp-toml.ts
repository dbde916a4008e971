import type { JsonMember, JsonNode } from '../../core/json-text.ts'

/**
 * TOML 1.0 read with its places, as far as settings of clients need it: tables, dotted and quoted keys, strings of all
 * four kinds, lists and inline tables. What it does not understand it refuses, so that nothing is changed that was
 * misread; a number, a date or a truth value is kept as its text.
 */
export function readTomlText(text: string): JsonNode {
  return new TomlReader(text).whole()
}

export class TomlError extends Error {
  override readonly name = 'TomlError'
}

type Table = JsonNode & { readonly kind: 'object'; readonly members: JsonMember[] }

const BLANK = /[ \t]*/y
const BLANK_LINES = /(?:[ \t\r\n]|#[^\n]*)*/y
const LINE_END = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y
const BARE = /[A-Za-z0-9_-]+/y
const BASIC = /"(?:[^"\\\u0000-\u0008\u000a-\u001f]|\\(?:["\\bfnrte]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))*"/y
const LITERAL = /'[^'\n]*'/y
const LONG_BASIC = /"""(?:[^"\\]|\\[^]|"{1,2}(?!"))*"""/y
const LONG_LITERAL = /'''(?:[^']|'{1,2}(?!'))*'''/y
const SCALAR = /[A-Za-z0-9+_:.TZ-]+(?: \d{2}:\d{2}[\d:.Z+-]*)?/y
const MAX_DEPTH = 50

class TomlReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): JsonNode {
    const root = table(0, this.#text.length)
    let current = root
    for (;;) {
      this.#take(BLANK_LINES)
      if (this.#at >= this.#text.length) return root
      const start = this.#at
      if (this.#text[start] === '[') current = this.#header(root, start)
      else {
        this.#pair(current, 0)
        this.#need(LINE_END, 'something follows the value')
      }
    }
  }

  #header(root: Table, start: number): Table {
    const isList = this.#text.startsWith('[[', start)
    this.#at += isList ? 2 : 1
    const keys = this.#keys()
    this.#expect(isList ? ']]' : ']')
    const end = this.#at
    this.#need(LINE_END, 'something follows the table’s name')
    const parent = this.#descend(root, keys.slice(0, -1), start)
    const last = keys.at(-1) ?? ''
    const known = parent.members.find(({ key }) => key === last)?.value
    if (!isList) {
      if (known === undefined) return this.#add(parent, last, table(start, end), start)
      return known.kind === 'object' ? (known as Table) : this.#fail('a value stands where a table should be')
    }
    const made = table(start, end)
    if (known === undefined) this.#add(parent, last, { kind: 'array', start, end, items: [made] }, start)
    else if (known.kind === 'array') (known.items as JsonNode[]).push(made)
    else this.#fail('a table stands where a list should be')
    return made
  }

  #pair(into: Table, depth: number): void {
    const start = this.#at
    const keys = this.#keys()
    this.#expect('=')
    this.#take(BLANK)
    const target = this.#descend(into, keys.slice(0, -1), start)
    const key = keys.at(-1) ?? ''
    if (target.members.some((member) => member.key === key)) this.#fail(`the key ${key} stands twice`)
    this.#add(target, key, this.#value(depth), start)
  }

  #descend(from: Table, keys: readonly string[], start: number): Table {
    return keys.reduce<Table>((at, key) => {
      const known = at.members.find((member) => member.key === key)?.value
      if (known === undefined) return this.#add(at, key, table(start, start), start)
      const inner = known.kind === 'array' ? known.items.at(-1) : known
      return inner?.kind === 'object' ? (inner as Table) : this.#fail(`${key} is no table`)
    }, from)
  }

  #add<N extends JsonNode>(to: Table, key: string, value: N, start: number): N {
    to.members.push({ key, start, value })
    return value
  }

  #keys(): string[] {
    const keys: string[] = []
    do {
      this.#take(BLANK)
      const quoted = this.#take(BASIC) ?? this.#take(LITERAL)
      const key = quoted === undefined ? this.#take(BARE) : unquoted(quoted)
      keys.push(key ?? this.#fail('a key is missing'))
      this.#take(BLANK)
    } while (this.#skip('.'))
    return keys
  }

  #value(depth: number): JsonNode {
    if (depth > MAX_DEPTH) this.#fail('it is nested too deep')
    const start = this.#at
    if (this.#skip('[')) return this.#list(start, depth)
    if (this.#skip('{')) return this.#inline(start, depth)
    const quoted =
      this.#take(LONG_BASIC) ?? this.#take(LONG_LITERAL) ?? this.#take(BASIC) ?? this.#take(LITERAL)
    const value = quoted === undefined ? this.#need(SCALAR, 'a value is missing') : unquoted(quoted)
    const plain = quoted === undefined && (value === 'true' || value === 'false') ? value === 'true' : value
    return { kind: 'scalar', start, end: this.#at, value: plain }
  }

  #list(start: number, depth: number): JsonNode {
    const items: JsonNode[] = []
    for (;;) {
      this.#take(BLANK_LINES)
      if (this.#skip(']')) return { kind: 'array', start, end: this.#at, items }
      items.push(this.#value(depth + 1))
      this.#take(BLANK_LINES)
      if (!this.#skip(',') && this.#text[this.#at] !== ']') this.#fail('a comma is missing')
    }
  }

  #inline(start: number, depth: number): JsonNode {
    const made = table(start, start)
    this.#take(BLANK)
    for (let isFirst = true; !this.#skip('}'); isFirst = false) {
      if (!isFirst) this.#expect(',')
      this.#pair(made, depth + 1)
      this.#take(BLANK)
    }
    return { ...made, end: this.#at }
  }

  #skip(text: string): boolean {
    const isThere = this.#text.startsWith(text, this.#at)
    if (isThere) this.#at += text.length
    return isThere
  }

  #expect(text: string): void {
    if (!this.#skip(text)) this.#fail(`"${text}" is missing`)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #need(pattern: RegExp, missing: string): string {
    return this.#take(pattern) ?? this.#fail(missing)
  }

  #fail(what: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length
    throw new TomlError(`${what} in line ${line}`)
  }
}

function table(start: number, end: number): Table {
  return { kind: 'object', start, end, members: [] }
}

const ESCAPED: Readonly<Record<string, string>> = {
  ...{ '"': '"', '\\': '\\', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', e: '\u001b' },
}

function unquoted(quoted: string): string {
  const marks = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1
  const inner = quoted.slice(marks, -marks).replace(marks === 3 ? /^\r?\n/ : /^(?!)/, '')
  if (quoted.startsWith("'")) return inner
  return inner
    .replaceAll(/\\[ \t]*\r?\n[ \t\r\n]*/g, '')
    .replaceAll(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g,
      (_, short?: string, long?: string, one = '') => {
        const code = short ?? long
        if (code === undefined) return ESCAPED[one] ?? badEscape(one)
        const point = Number.parseInt(code, 16)
        return point > 0x10ffff ? badEscape(code) : String.fromCodePoint(point)
      },
    )
}

function badEscape(what: string): never {
  throw new TomlError(`\\${what} means nothing in a text`)
}
