import { isMembers, type Members } from './frame.ts'
import { misspelled, spellingsOf, twice } from './names.ts'
import { patternOf } from '../../core/quick-pattern.ts'
import type { ArgumentRule, ToolRule } from './policy.ts'
import type { Touched } from './ports.ts'

/** What is wrong with the arguments of a call, or everything they touch. */
export type ArgumentsRead =
  | { readonly isFit: true; readonly touched: readonly Touched[] }
  | { readonly isFit: false; readonly rule: string; readonly reason: string; readonly fix: string }

const LONGEST_TEXT = 1024 * 1024
const MOST_STRINGS = 10_000
const MOST_TOUCHED = 64

/**
 * Holds the arguments of a call to every rule that names its tool, and looks at each text in them, not only at those
 * somebody thought of: one that is a path or a URL as it stands touches something, and the gate is asked about it.
 *
 * @param verb what is done to a path no rule speaks of
 */
export function readArguments(
  given: Members,
  rules: readonly ToolRule[],
  verb: 'read' | 'write' = 'read',
): ArgumentsRead {
  const reader = new Reader(rules, verb)
  return reader.read(given)
}

class Reader {
  readonly #rules: readonly ToolRule[]
  readonly #verb: 'read' | 'write'
  readonly #touched = new Map<string, Touched>()
  #strings = 0

  constructor(rules: readonly ToolRule[], verb: 'read' | 'write') {
    this.#rules = rules
    this.#verb = verb
  }

  read(given: Members): ArgumentsRead {
    const wrong = this.#missing(given) ?? this.#walk(given, '')
    if (wrong !== undefined) return { isFit: false, ...wrong }
    if (this.#touched.size > MOST_TOUCHED) {
      return {
        isFit: false,
        ...refused('argument.touches', `it names more than ${MOST_TOUCHED} files and hosts`),
      }
    }
    return { isFit: true, touched: [...this.#touched.values()] }
  }

  #missing(given: Members): Wrong | undefined {
    for (const rule of this.#rules) {
      for (const [place, { required }] of Object.entries(rule.arguments)) {
        if (required === true && valueAt(given, place) === undefined) {
          return refused('argument.required', `${place} is missing`)
        }
      }
    }
    return undefined
  }

  /** @param place as rules write it: `a.b`, `a[]` */
  #walk(value: unknown, place: string): Wrong | undefined {
    const own = place === '' ? undefined : this.#check(value, place)
    if (own !== undefined) return own
    if (Array.isArray(value)) {
      for (const each of value) {
        const wrong = this.#walk(each, `${place}[]`)
        if (wrong !== undefined) return wrong
      }
      return undefined
    }
    if (!isMembers(value)) return undefined
    const strange = this.#misnamed(value, place)
    if (strange !== undefined) {
      return refused('argument.name', `${shown(strange)} differs from another name in capitals alone`)
    }
    for (const [name, each] of Object.entries(value)) {
      if (hasControl(name))
        return refused('argument.name', 'the name of an argument holds a control character')
      const wrong = this.#walk(each, place === '' ? name : `${place}.${name}`)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  /** At any depth a name a rule has in other capitals; among the arguments themselves also two of one name. */
  #misnamed(value: Members, place: string): string | undefined {
    const start = place === '' ? '' : `${place}.`
    const named = this.#rules.flatMap(({ arguments: rules }) =>
      Object.keys(rules).flatMap((each) =>
        each.startsWith(start) ? (each.slice(start.length).split(/[.[]/, 1)[0] ?? []) : [],
      ),
    )
    return misspelled(value, spellingsOf(named)) ?? (place === '' ? twice(value) : undefined)
  }

  #check(value: unknown, place: string): Wrong | undefined {
    const named = this.#rules.flatMap((rule) => own(rule.arguments, place))
    if (
      named.length === 0 &&
      !place.includes('.') &&
      !place.includes('[') &&
      this.#rules.some((rule) => rule.isClosed)
    ) {
      return refused('argument.unknown', `no rule names the argument ${shown(place)}`)
    }
    for (const rule of named) {
      const wrong = misfitOf(value, rule, place)
      if (wrong !== undefined) return wrong
    }
    if (typeof value === 'number' && !isExact(value)) {
      return refused(
        'argument.number',
        `${shown(place)} is a number that not every reader takes for the same`,
      )
    }
    return typeof value === 'string' ? this.#text(value, named, place) : undefined
  }

  #text(text: string, named: readonly ArgumentRule[], place: string): Wrong | undefined {
    this.#strings += 1
    if (this.#strings > MOST_STRINGS)
      return refused('argument.count', `there are more than ${MOST_STRINGS} texts`)
    if (text.includes('\0')) return refused('argument.nul', `${shown(place)} holds a NUL character`)
    if (text.length > LONGEST_TEXT)
      return refused('argument.length', `${shown(place)} is longer than ${LONGEST_TEXT}`)
    const said = named.flatMap((rule) => touchedBy(text, rule, place))
    for (const each of said) {
      if ('reason' in each) return each
      this.#touch(each)
    }
    if (said.length > 0 || named.some((rule) => rule.text === true)) return undefined
    const seen = seenIn(text)
    if (seen !== undefined && 'reason' in seen) return { ...seen, reason: `${shown(place)} ${seen.reason}` }
    if (seen !== undefined) this.#touch(seen.kind === 'file' ? { ...seen, verb: this.#verb } : seen)
    return undefined
  }

  #touch(each: Touched): void {
    this.#touched.set(JSON.stringify(each), each)
  }
}

interface Wrong {
  readonly rule: string
  readonly reason: string
  readonly fix: string
}

function refused(rule: string, reason: string, fix = 'call it with arguments the policy allows'): Wrong {
  return { rule, reason, fix }
}

function misfitOf(value: unknown, rule: ArgumentRule, place: string): Wrong | undefined {
  const wrong = (what: string): Wrong => refused('argument.rule', `${shown(place)} ${what}`)
  const { type, pattern, oneOf, range, maxLength } = rule
  if (type !== undefined && !isOfType(value, type)) return wrong(`is no ${type}`)
  if (oneOf !== undefined && !oneOf.includes(value as string))
    return wrong('is none of the values it may have')
  if (range !== undefined && !(typeof value === 'number' && value >= range[0] && value <= range[1])) {
    return wrong(`is not between ${range[0]} and ${range[1]}`)
  }
  const length = typeof value === 'string' || Array.isArray(value) ? value.length : 0
  if (maxLength !== undefined && length > maxLength) return wrong(`is longer than ${maxLength}`)
  // a rule that cannot be held is not passed over: what cannot be told is not a match
  if (pattern !== undefined && !(typeof value === 'string' && patternOf(pattern)?.matches(value) === true)) {
    return wrong('does not match the pattern of its rule')
  }
  const wantsText = rule.path !== undefined || rule.url !== undefined || rule.command === true
  return wantsText && typeof value !== 'string' ? wrong('is no text') : undefined
}

/** Beyond that, digits are lost here that a server may still have. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
}

function isOfType(value: unknown, type: NonNullable<ArgumentRule['type']>): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isMembers(value)
  return type === 'integer' ? Number.isSafeInteger(value) : typeof value === type
}

function touchedBy(text: string, { path, url, command }: ArgumentRule, place: string): (Touched | Wrong)[] {
  const found: (Touched | Wrong)[] = []
  if (path !== undefined) {
    const { access, below } = path
    const wrong = noPath(text)
    if (wrong !== undefined) return [refused('argument.path', `${shown(place)} is no path: ${wrong}`)]
    found.push({ kind: 'file', verb: access, path: text, ...(below.length === 0 ? {} : { below }) })
  }
  if (url !== undefined) {
    const parsed = text.length > LONGEST_URL ? null : URL.parse(text)
    if (parsed === null || !WEB.has(parsed.protocol) || parsed.username !== '' || parsed.password !== '') {
      return [refused('argument.url', `${shown(place)} is no plain http or https URL`)]
    }
    found.push({ kind: 'connect', url: parsed.href, ...(url.hosts.length === 0 ? {} : { hosts: url.hosts }) })
  }
  if (command === true) found.push({ kind: 'command', text })
  return found
}

/** A system takes no longer path; and whose home a name stands for is known to the server alone. */
function noPath(text: string): string | undefined {
  if (hasControl(text)) return 'it holds a control character'
  if (text.length > LONGEST_PATH) return `it is longer than ${LONGEST_PATH}`
  return /^~[^/]/.test(text) ? 'it begins in the home directory of somebody else' : undefined
}

const LONGEST_URL = 16_384
const WEB = new Set(['http:', 'https:', 'ws:', 'wss:'])
const LONGEST_PATH = 4096
/** Schemes that reach something, run something, or carry something in themselves. */
const SCHEME = /^\s*([a-z][a-z0-9+.-]{1,31}):/i
const QUIET_SCHEMES = new Set(['mailto', 'urn', 'tel', 'about', 'geo', 'did', 'doi', 'isbn'])

/** What a text is that no rule speaks of: a path or a URL when it is nothing else, from its first to its last character. */
function seenIn(text: string): (Touched & { kind: 'file' | 'connect' }) | Wrong | undefined {
  if (text.length > LONGEST_PATH || /[\r\n]/.test(text)) return undefined
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && /^\s*[a-z][a-z0-9+.-]*:\/\/\S+\s*$/i.test(text)) {
    const parsed = URL.parse(text.trim())
    if (scheme === 'file')
      return parsed === null
        ? refused('argument.path', 'is no file URL')
        : { kind: 'file', verb: 'read', path: text.trim() }
    if (parsed !== null && WEB.has(parsed.protocol)) return { kind: 'connect', url: parsed.href }
    if (!QUIET_SCHEMES.has(scheme)) {
      return refused(
        'argument.scheme',
        `is a URL of a kind nobody has allowed (${scheme})`,
        'say what it is with a rule for this argument, such as text: true',
      )
    }
    return undefined
  }
  if (/^~[\w.-]+\//.test(text))
    return refused('argument.path', 'is a path into the home directory of somebody else')
  if (/^(?:\/|~\/|~$|\.\.?\/|\.\.$)/.test(text) || /(?:^|\/)\.\.(?:\/|$)/.test(text)) {
    return { kind: 'file', verb: 'read', path: text }
  }
  return undefined
}

function own(rules: Readonly<Record<string, ArgumentRule>>, place: string): ArgumentRule[] {
  return Object.hasOwn(rules, place) ? [rules[place]!] : []
}

/** The first value at a place; of `a[].b` any that is there will do. */
function valueAt(given: unknown, place: string): unknown {
  let here: unknown[] = [given]
  for (const part of place.split('.')) {
    const [name = '', ...each] = part.split('[]')
    here = here.flatMap((value) => (isMembers(value) && Object.hasOwn(value, name) ? [value[name]] : []))
    for (const _ of each) here = here.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []))
  }
  return here[0]
}

function hasControl(text: string): boolean {
  return /[\u0000-\u001f\u007f]/.test(text)
}

function shown(place: string): string {
  return JSON.stringify(place.slice(0, 80))
}
