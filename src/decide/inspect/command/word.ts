import type { DoubleQuotedChild, ParsedScript, Word, WordPart } from 'unbash'
import { expandBraces } from './brace.ts'
import { NOTHING, union, type Flow } from './flow.ts'
import { foldParameter, type Variables } from './variable.ts'

/** A word after everything that can be worked out has been. */
export interface Field {
  /** The text; what stays open stands as it was written (`$x`, `$(date)`). */
  readonly text: string
  /** Whether part of it is only known when it runs. */
  readonly isDynamic: boolean
  /** Whether it holds an unquoted wildcard. */
  readonly isGlob: boolean
  /** What flows in from command substitutions and variables. */
  readonly flow: Flow
  /** Where it stands. */
  readonly start: number
  readonly end: number
}

/** What words may ask for while they are expanded. */
export interface Expansion {
  readonly variables: Variables
  /** Rates a nested script and says what it writes. */
  readonly run: (script: ParsedScript | undefined, start: number, end: number) => Flow
}

/** Where an unquoted expansion splits a word; no text of ours holds it, because such input is not read as text. */
const SPLIT = '\u0001'

interface Building {
  /** Alternatives of a brace expansion multiply these. */
  texts: string[]
  isDynamic: boolean
  isGlob: boolean
  flow: Flow
}

const MAX_FIELDS = 64

/** What a word becomes: often one field, none for an empty expansion, several for braces and unquoted variables. */
export function expandWord(word: Word, expansion: Expansion): Field[] {
  const { pos: start, end, parts } = word
  if (parts === undefined) {
    const isTilde = word.text.charCodeAt(0) === 126
    const text = isTilde ? tilde(word.value, expansion) : word.value
    return [{ text, isDynamic: false, isGlob: false, flow: NOTHING, start, end }]
  }
  const building: Building = { texts: [''], isDynamic: false, isGlob: false, flow: NOTHING }
  for (const part of parts) addPart(building, part, expansion)
  const { isDynamic, isGlob, flow } = building
  const isTilde = word.text.charCodeAt(0) === 126
  return building.texts
    .map((text) => (isTilde ? tilde(text, expansion) : text))
    .flatMap((text) => split(text, isQuoted(parts)))
    .slice(0, MAX_FIELDS)
    .map((text) => ({ text, isDynamic, isGlob, flow, start, end }))
}

/** The text of a word that is never split: a redirection's target, a value that is assigned. */
export function expandText(word: Word, expansion: Expansion): Field {
  const fields = expandWord(word, expansion)
  const first = fields[0]
  const { pos: start, end } = word
  if (first === undefined) return { text: '', isDynamic: false, isGlob: false, flow: NOTHING, start, end }
  return fields.length === 1 ? first : { ...first, text: fields.map(({ text }) => text).join(' ') }
}

/** The body of a here-document, as the command will read it. */
export function expandParts(
  parts: readonly WordPart[] | undefined,
  text: string,
  expansion: Expansion,
): Pick<Field, 'text' | 'isDynamic' | 'flow'> {
  if (parts === undefined) return { text, isDynamic: false, flow: NOTHING }
  const building: Building = { texts: [''], isDynamic: false, isGlob: false, flow: NOTHING }
  for (const part of parts) addQuoted(building, part as DoubleQuotedChild, expansion)
  return { text: building.texts.join(''), isDynamic: building.isDynamic, flow: building.flow }
}

function isQuoted(parts: readonly WordPart[]): boolean {
  return parts.some(
    ({ type }) => type === 'SingleQuoted' || type === 'DoubleQuoted' || type === 'AnsiCQuoted',
  )
}

function split(text: string, keepsEmpty: boolean): string[] {
  if (!text.includes(SPLIT)) return text === '' && !keepsEmpty ? [] : [text]
  return text.split(SPLIT).filter((field) => field !== '')
}

function append(building: Building, text: string): void {
  for (let i = 0; i < building.texts.length; i++) building.texts[i] += text
}

function open(building: Building, text: string, flow: Flow = NOTHING): void {
  append(building, text)
  building.isDynamic = true
  building.flow = union(building.flow, flow)
}

function addPart(building: Building, part: WordPart, expansion: Expansion): void {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return append(building, part.value)
    case 'Glob':
    case 'ExtendedGlob':
      building.isGlob = true
      return append(building, part.text)
    case 'DoubleQuoted':
    case 'LocaleString':
      for (const child of part.parts) addQuoted(building, child, expansion)
      return
    case 'BraceExpansion': {
      const several = expandBraces(part.text)
      if (several === undefined) return open(building, part.text)
      building.texts = building.texts.flatMap((text) => several.map((one) => text + one)).slice(0, MAX_FIELDS)
      // `{a,b}` makes words of its own, `a{b,c}` does so with what stands around it
      return
    }
    case 'ProcessSubstitution':
      return open(building, part.text, expansion.run(part.script, part.pos, part.end))
    default:
      return addExpansion(building, part, expansion, false)
  }
}

function addQuoted(building: Building, part: DoubleQuotedChild, expansion: Expansion): void {
  if (part.type === 'Literal') append(building, part.value)
  else addExpansion(building, part, expansion, true)
}

type Expanding = Exclude<DoubleQuotedChild, { type: 'Literal' }>

function addExpansion(building: Building, part: Expanding, expansion: Expansion, isQuoted: boolean): void {
  if (part.type === 'ArithmeticExpansion') return open(building, part.text)
  if (part.type === 'CommandExpansion') {
    const flow = expansion.run(part.script, part.pos, part.end)
    if (flow.text === undefined) return open(building, part.text, flow)
    const text = flow.text.replace(/\n+$/, '')
    building.flow = union(building.flow, flow)
    return append(building, isQuoted ? text : splittable(text))
  }
  const known = foldParameter(part, expansion, (word) => expandText(word, expansion))
  building.flow = union(building.flow, known.flow)
  if (known.text === undefined) return open(building, part.text)
  if (known.isDynamic === true) building.isDynamic = true
  append(building, isQuoted && !known.isList ? known.text.replaceAll(SPLIT, ' ') : splittable(known.text))
}

function splittable(text: string): string {
  return text.replace(/[ \t\n]+/g, SPLIT)
}

function tilde(text: string, { variables }: Expansion): string {
  const home = variables.home
  if (home === undefined) return text
  return text === '~' || text.startsWith('~/') ? home + text.slice(1) : text
}
