import type { ParameterExpansionPart, ParameterOperation, SimpleExpansionPart, Word } from 'unbash'
import { NOTHING, union, type Flow } from './flow.ts'
import { globPattern, MAX_GLOBBED } from './glob.ts'
import type { Expansion, Field } from './word.ts'

/** What a variable holds, as far as it can be followed. */
export interface Value {
  /** The elements; one for a plain variable, undefined where only the shell will know. */
  readonly elements?: readonly string[]
  readonly flow: Flow
}

/** The variables of the shell that would run, changed as its commands are gone through. */
export interface Variables {
  readonly values: Map<string, Value>
  readonly home: string | undefined
  /** `$1` and on; undefined inside something that is called with arguments we do not know. */
  positional: readonly string[] | undefined
}

export interface Folded {
  readonly text?: string
  readonly isDynamic?: boolean
  /** Several words: `$@`, `${a[@]}`. */
  readonly isList?: boolean
  readonly flow: Flow
}

const UNKNOWN: Folded = { flow: NOTHING }
const SPLIT = '\u0001'

type Expand = (word: Word) => Field

/** Variables every shell has, good enough to see through `${PATH:0:1}` and its kind. */
const USUAL: Readonly<Record<string, string>> = {
  SHELL: '/bin/bash',
  BASH: '/bin/bash',
  OSTYPE: 'linux-gnu',
}

/** Those which only make sense with a slice or a cut; as a whole their value says nothing. */
const SLICED: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  PWD: '/',
  OLDPWD: '/',
  LS_COLORS: 'rs=0:di=01;34:ln=01;36',
}

/** What `$x` or `${x…}` becomes; `expand` works out the words inside it. */
export function foldParameter(
  part: SimpleExpansionPart | ParameterExpansionPart,
  { variables }: Expansion,
  expand: Expand,
): Folded {
  if (part.type === 'SimpleExpansion') return lookUp(part.text.slice(1), variables, false)
  const { parameter, prefix, index, operation } = part
  if (parameter === 'IFS') return { text: SPLIT, flow: NOTHING }
  if (prefix === '#') return UNKNOWN
  const name = prefix === '!' ? indirect(parameter, variables) : parameter
  if (name === undefined) return UNKNOWN
  const found =
    index === undefined
      ? lookUp(name, variables, operation !== undefined)
      : element(name, expand(index).text, variables)
  return operation === undefined ? found : operate(found, operation, expand)
}

function indirect(name: string, variables: Variables): string | undefined {
  return lookUp(name, variables, false).text
}

function lookUp(name: string, variables: Variables, isSliced: boolean): Folded {
  if (name === 'IFS') return { text: SPLIT, flow: NOTHING }
  const value = variables.values.get(name)
  if (value !== undefined) {
    const text = value.elements?.[0]
    return text === undefined ? { flow: value.flow } : { text, flow: value.flow }
  }
  if (name === 'HOME' && variables.home !== undefined) return { text: variables.home, flow: NOTHING }
  if (/^[1-9@*]$/.test(name)) return positional(name, variables.positional)
  const usual = Object.hasOwn(USUAL, name) ? USUAL[name] : undefined
  const sliced = isSliced && Object.hasOwn(SLICED, name) ? SLICED[name] : undefined
  const text = usual ?? sliced
  return text === undefined ? UNKNOWN : { text, flow: NOTHING }
}

function positional(name: string, args: readonly string[] | undefined): Folded {
  if (args === undefined) return UNKNOWN
  if (name === '@' || name === '*') return { text: args.join(SPLIT), isList: true, flow: NOTHING }
  return { text: args[Number(name) - 1] ?? '', flow: NOTHING }
}

function element(name: string, at: string, variables: Variables): Folded {
  const value = variables.values.get(name)
  if (value?.elements === undefined) return UNKNOWN
  if (at === '@' || at === '*') {
    return { text: value.elements.join(SPLIT), isList: true, flow: value.flow }
  }
  const text = /^\d+$/.test(at) ? value.elements[Number(at)] : undefined
  return text === undefined ? { flow: value.flow } : { text, flow: value.flow }
}

function operate(found: Folded, operation: ParameterOperation, expand: Expand): Folded {
  switch (operation.type) {
    case 'Default':
      return byDefault(found, operation.operator, expand(operation.operand))
    case 'Slice':
      return slice(found, operation, expand)
    case 'Remove':
      return cut(found, operation.operator, expand(operation.operand).text)
    case 'Replace': {
      const pattern = expand(operation.pattern)
      const by = expand(operation.replacement)
      const flow = union(found.flow, by.flow)
      if (found.text === undefined || pattern.isDynamic || by.isDynamic) return { flow }
      if (found.text.length > MAX_GLOBBED) return { flow }
      const wanted = globPattern(pattern.text, operation.operator === '//' ? 'g' : '', operation.operator)
      return wanted === undefined ? { flow } : { text: found.text.replace(wanted, () => by.text), flow }
    }
    case 'CaseModification': {
      if (found.text === undefined || operation.operand !== undefined) return { flow: found.flow }
      return { text: changeCase(found.text, operation.operator), flow: found.flow }
    }
    default:
      return { flow: found.flow }
  }
}

function byDefault(found: Folded, operator: string, operand: Field): Folded {
  const isSet = found.text !== undefined && !(operator.startsWith(':') && found.text === '')
  if (operator.endsWith('?')) return found
  const other: Folded = { text: operand.text, isDynamic: operand.isDynamic, flow: operand.flow }
  if (operator.endsWith('+')) return isSet ? other : { ...other, isDynamic: true }
  // an unset variable is the usual reason to write a default
  return isSet ? found : { ...other, flow: union(found.flow, operand.flow) }
}

function slice(
  { text, flow }: Folded,
  { offset, length }: Extract<ParameterOperation, { type: 'Slice' }>,
  expand: Expand,
): Folded {
  const from = numberOf(expand(offset).text)
  const count = length === undefined ? undefined : numberOf(expand(length).text)
  if (text === undefined || from === undefined || (length !== undefined && count === undefined)) {
    return { flow }
  }
  const tail = text.slice(from)
  return { text: count === undefined ? tail : tail.slice(0, count), flow }
}

function numberOf(text: string): number | undefined {
  return /^\s*-?\d{1,9}\s*$/.test(text) ? Number(text) : undefined
}

function cut({ text, flow }: Folded, operator: string, pattern: string): Folded {
  if (text === undefined || text.length > MAX_GLOBBED) return { flow }
  const isFront = operator.startsWith('#')
  const whole = globPattern(pattern, '', '=')
  if (whole === undefined) return { flow }
  const lengths = Array.from({ length: text.length + 1 }, (_, i) => i)
  const ordered = operator.length === 2 ? lengths.toReversed() : lengths
  for (const size of ordered) {
    const piece = isFront ? text.slice(0, size) : text.slice(text.length - size)
    if (whole.test(piece)) {
      return { text: isFront ? text.slice(size) : text.slice(0, text.length - size), flow }
    }
  }
  return { text, flow }
}

function changeCase(text: string, operator: string): string {
  const change = (part: string) => (operator.startsWith('^') ? part.toUpperCase() : part.toLowerCase())
  return operator.length === 2 ? change(text) : change(text.slice(0, 1)) + text.slice(1)
}
