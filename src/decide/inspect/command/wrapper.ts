import type { Field } from './word.ts'

/** A program whose arguments hold another program: how to find it. */
export interface Wrapper {
  readonly of: string
  /** Options whose value is the next argument. */
  readonly values?: string
  /** Options whose value is the next two arguments: `--bind SRC DEST`. */
  readonly pairs?: string
  /** Operands of its own that come before the program. */
  readonly skip?: number
  /** Whether `NAME=value` before the program sets its environment. */
  readonly assigns?: boolean
  /** Options whose value is a command text for a shell. */
  readonly text?: string
  /** What it does beside running the program. */
  readonly rule?: { readonly id: string; readonly risk: 'medium' | 'high'; readonly note: string }
  /** What it runs when no program is named. */
  readonly alone?: 'shell' | 'nothing'
  /** The program is started only after one of these subcommands: `docker exec`; words of one are joined by a dot. */
  readonly sub?: string
  /** Several words are put together to one command text, as ssh does. */
  readonly joins?: boolean
  /** The program runs on another machine or in another file system: the files it names are not ours. */
  readonly elsewhere?: boolean
  /** Only after `--`. */
  readonly afterDashes?: boolean
}

export interface Unwrapped {
  /** The program inside with its arguments; empty when there is none. */
  readonly inner: readonly Field[]
  readonly assignments: readonly Field[]
  readonly texts: readonly Field[]
  readonly options: readonly Field[]
}

/** Takes the wrapper off: its options, its operands, its assignments. */
export function unwrap(wrapper: Wrapper, args: readonly Field[]): Unwrapped | undefined {
  const values = new Set(wrapper.values?.split(' '))
  const pairs = new Set(wrapper.pairs?.split(' '))
  const isText = new Set(wrapper.text?.split(' '))
  const [assignments, texts, options]: [Field[], Field[], Field[]] = [[], [], []]
  let skip = wrapper.skip ?? 0
  let subs = wrapper.sub?.split(' ').map((words) => words.split('.'))
  let isAfterDashes = wrapper.afterDashes !== true
  for (let i = 0; i < args.length; i++) {
    const field = args[i]!
    const { text } = field
    if (text === '--' && subs === undefined) {
      isAfterDashes = true
      if (skip === 0 || wrapper.afterDashes === true) {
        return { inner: args.slice(i + 1), assignments, texts, options }
      }
    } else if (text.length > 1 && text.startsWith('-')) {
      options.push(field)
      const [found, isNext] = textValue(field, args[i + 1], isText)
      if (found !== undefined) texts.push(found)
      if (pairs.has(text)) i += 2
      else if (isNext || takesNext(text, values)) i++
    } else if (subs !== undefined) {
      const rest = subs.filter(([first]) => first === text).map((words) => words.slice(1))
      if (rest.length === 0) return undefined
      subs = rest.some((words) => words.length === 0) ? undefined : rest
    } else if (wrapper.assigns === true && /^\w+=/.test(text)) assignments.push(field)
    else if (skip > 0) skip--
    else if (isAfterDashes) return { inner: args.slice(i), assignments, texts, options }
  }
  return subs === undefined ? { inner: [], assignments, texts, options } : undefined
}

function textValue(
  field: Field,
  next: Field | undefined,
  isText: ReadonlySet<string>,
): readonly [found?: Field | undefined, isNext?: boolean] {
  const { text } = field
  if (isText.size === 0) return []
  const at = text.indexOf('=')
  if (at > 0 && isText.has(text.slice(0, at))) return [{ ...field, text: text.slice(at + 1) }, false]
  const short = text.slice(0, 2)
  const last = `-${text.slice(-1)}`
  if (isText.has(text)) return [next, true]
  if (text.startsWith('--')) return []
  if (isText.has(short)) return [{ ...field, text: text.slice(2) }, false]
  return isText.has(last) && /^-[a-zA-Z]+$/.test(text) ? [next, true] : []
}

function takesNext(text: string, values: ReadonlySet<string>): boolean {
  if (values.has(text)) return true
  // `-nu user`: the last letter of a cluster may take the next argument
  return /^-[A-Za-z]{2,}$/.test(text) && !values.has(text.slice(0, 2)) && values.has(`-${text.slice(-1)}`)
}
