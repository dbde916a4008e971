import type { Field } from './word.ts'
import type { Rule } from './rule.ts'
import { VALUE_OPTIONS } from './rules/value-options.ts'

export interface Hit {
  /** The text of the option or the argument that told. */
  readonly value: Field | undefined
  /** Its place among the arguments; what follows belongs to it where an option takes a whole command. */
  readonly index: number
}

const DASH = 0x2d

/** The option `name` among the arguments, with its value, every time it is given. */
export function optionValues(args: readonly Field[], name: string): Hit[] {
  const hits: Hit[] = []
  const isLong = name.startsWith('--')
  const isLetter = /^-\w$/.test(name)
  const isDashed = name.startsWith('-')
  for (let index = 0; index < args.length; index++) {
    const field = args[index]!
    const { text } = field
    if (isDashed && text.charCodeAt(0) !== DASH) continue
    if (text === name) hits.push({ value: args[index + 1], index: index + 1 })
    else if (isLong) {
      const at = text.indexOf('=')
      const written = at === -1 ? text : text.slice(0, at)
      if (written !== name && !isAbbreviated(written, name)) continue
      hits.push(
        at === -1
          ? { value: args[index + 1], index: index + 1 }
          : { value: { ...field, text: text.slice(at + 1) }, index },
      )
    } else if (isLetter) {
      const hit = inCluster(args, index, name.charAt(1))
      if (hit !== undefined) hits.push(hit)
    } else if (text.startsWith(`${name}=`)) {
      hits.push({ value: { ...field, text: text.slice(name.length + 1) }, index })
    }
  }
  return hits
}

const SHORTEST = 5

/** GNU programs take `--checkpoint-act` for `--checkpoint-action`. */
function isAbbreviated(written: string, name: string): boolean {
  return written.length >= Math.max(SHORTEST, Math.ceil(name.length * 0.6)) && name.startsWith(written)
}

/** `-xf` holds `-f`, whose value follows; `-fvalue` holds both. */
function inCluster(args: readonly Field[], index: number, letter: string): Hit | undefined {
  const field = args[index]!
  const { text } = field
  if (text.length < 3 || text.charAt(0) !== '-' || text.charAt(1) === '-') return undefined
  if (text.charAt(1) === letter) {
    const attached = text.slice(text.charAt(2) === '=' ? 3 : 2)
    return { value: { ...field, text: attached }, index }
  }
  if (text.length > 8 || !/^-[A-Za-z0-9]+$/.test(text) || !text.endsWith(letter)) return undefined
  return { value: args[index + 1], index: index + 1 }
}

/** The arguments that are not options, as far as can be told without the manual: after `--` all of them. */
export function operandsOf(name: string, args: readonly Field[]): Field[] {
  const takesValue = VALUE_OPTIONS.get(name)
  const operands: Field[] = []
  for (let i = 0; i < args.length; i++) {
    const { text } = args[i]!
    if (text === '--') return [...operands, ...args.slice(i + 1)]
    if (text.length > 1 && text.startsWith('-')) {
      if (takesValue?.has(text) === true) i++
    } else operands.push(args[i]!)
  }
  return operands
}

/** Where a rule holds for these arguments; empty when it does not. */
/** What an expression is tried on is cut here, so that no argument can keep it busy. */
const LONGEST = 4096

function bothEnds(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST / 2)} ${text.slice(-LONGEST / 2)}`
}

export function hitsOf(rule: Rule, name: string, args: readonly Field[], whole: string): Hit[] {
  const line = bothEnds(whole)
  if (rule.sub !== undefined && !isSubcommand(rule.sub, name, args)) return []
  if (rule.line !== undefined && !rule.line.test(line)) return []
  if (rule.unless?.test(line) === true) return []
  if (rule.isBare === true && operandsOf(name, args).length > 0) return []
  const hits = candidates(rule, args)
  return hits.filter(
    ({ value }) =>
      (rule.value === undefined || (value !== undefined && rule.value.test(bothEnds(value.text)))) &&
      (rule.safe === undefined || value === undefined || !rule.safe.test(value.text)),
  )
}

function candidates(rule: Rule, args: readonly Field[]): Hit[] {
  if (rule.option !== undefined) return rule.option.split(' ').flatMap((name) => optionValues(args, name))
  if (rule.value !== undefined) return args.map((value, index) => ({ value, index }))
  return [{ value: undefined, index: args.length }]
}

function isSubcommand(wanted: string, name: string, args: readonly Field[]): boolean {
  const operands = operandsOf(name, args)
  return wanted.split(' ').some((words) => words.split('.').every((word, i) => operands[i]?.text === word))
}
