import {
  forEachChild,
  parse,
  type Assignment,
  type Command,
  type ParsedScript,
  type Redirection,
  type SyntaxNode,
  type Word,
} from 'unbash'

/** A word of a command as it stands: fixed text with its quotes taken off, or something only the shell will know. */
export interface CommandWord {
  readonly kind: 'literal' | 'dynamic'
  /** The text without quotes for a literal; the source, as written, for a dynamic word (`$x`, `$(…)`, a wildcard). */
  readonly text: string
}

export interface CommandRedirect {
  /** `>`, `>>`, `<`, `<<`, `<<<`, `2>&1` is `>&` with `descriptor` 2. */
  readonly operator: string
  readonly descriptor?: number
  /** The file, the descriptor, the here-string, or the body of the here-document. */
  readonly target: CommandWord
}

export interface CommandAssignment {
  readonly name: string
  readonly value: CommandWord
}

/** Offsets into the command text, in UTF-16 units, the end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One simple command of a command text, wherever it stands in it: in a list, a pipe, a loop or a substitution. */
export interface CommandSegment {
  /** Dynamic with an empty text where the segment only assigns or only redirects. */
  readonly program: CommandWord
  readonly args: readonly CommandWord[]
  readonly redirects: readonly CommandRedirect[]
  readonly assignments: readonly CommandAssignment[]
  readonly span: Span
}

export type ParsedCommand =
  | {
      readonly parsable: true
      readonly segments: readonly CommandSegment[]
      /** Only simple commands joined by `&&`, `||`, `;`, newline and `|`: no loop, function, substitution or `&`. */
      readonly isFlat: boolean
    }
  | { readonly parsable: false; readonly reason: string }

export const MAX_LENGTH = 64 * 1024
export const MAX_DEPTH = 50

export type Read =
  | { readonly script: ParsedScript }
  | { readonly script?: undefined; readonly unparsable: string }

/** Reads a command text as bash would, or says why it cannot be read. Never throws. */
export function readScript(text: string): Read {
  if (text.length > MAX_LENGTH) return { unparsable: `it is longer than ${MAX_LENGTH / 1024} kB` }
  if (isNestedTooDeep(text)) return { unparsable: `it is nested deeper than ${MAX_DEPTH} levels` }
  try {
    const script = parse(text)
    const error = script.errors?.[0]
    if (error === undefined) return { script }
    return { unparsable: `bash could not read it: ${error.message} at character ${error.pos}` }
  } catch (error) {
    return { unparsable: `it cannot be read: ${error instanceof Error ? error.message : 'unknown error'}` }
  }
}

/**
 * The simple commands of `text`, without folding anything: what is stored with an approval must be what was written.
 * Nothing is rated here and nothing is trusted; a dynamic word matches no pattern but one that allows anything.
 */
export function parseCommand(text: string): ParsedCommand {
  const odd = oddCharacter(text)
  if (odd !== undefined)
    return { parsable: false, reason: `it holds ${odd}, which shells and people read differently` }
  const read = readScript(text)
  if (read.script === undefined) return { parsable: false, reason: read.unparsable }
  const segments: CommandSegment[] = []
  const isFlat = collect(read.script, segments, 0)
  if (isFlat === undefined) return { parsable: false, reason: `it is nested deeper than ${MAX_DEPTH} levels` }
  return { parsable: true, segments, isFlat }
}

/**
 * Characters that look like nothing or like a blank and are neither to a shell: what is shown would not be what runs.
 */
const ODD =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufeff\uffa0]|\u034f|[\u{e0000}-\u{e007f}]/u

/** @returns the first of them, escaped for people, as in `U+200B`; undefined when there is none */
export function oddCharacter(text: string): string | undefined {
  const found = ODD.exec(text)?.[0].codePointAt(0)
  return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`
}

const FLAT = new Set<SyntaxNode['type']>(['Script', 'Statement', 'AndOr', 'Pipeline', 'Command'])

/** @returns whether all of it is flat; undefined when it is too deep to be read */
function collect(node: SyntaxNode, into: CommandSegment[], depth: number): boolean | undefined {
  // every level of shell syntax is a few levels of tree
  if (depth > MAX_DEPTH * 8) return undefined
  let isFlat: boolean | undefined = FLAT.has(node.type) || WORDS.has(node.type)
  if (node.type === 'Statement' && node.background === true) isFlat = false
  if (node.type === 'Command') into.push(segmentOf(node))
  forEachChild(node, (child) => {
    if (isFlat === undefined) return
    const inner = collect(child, into, depth + 1)
    isFlat = inner === undefined ? undefined : inner && isFlat
  })
  return isFlat
}

/** What a simple command is made of, as long as it runs nothing itself. */
const WORDS = new Set<SyntaxNode['type']>([
  'Word',
  'Literal',
  'Glob',
  'SingleQuoted',
  'DoubleQuoted',
  'AnsiCQuoted',
  'LocaleString',
  'SimpleExpansion',
  'ParameterExpansion',
  'ExtendedGlob',
  'BraceExpansion',
  'Assignment',
  'ArrayValue',
  'Redirect',
  'HereString',
  'HereDoc',
  'HereDocDelimiter',
  'HereDocBody',
  'FileDescriptor',
  'FileDescriptorVariable',
])

function segmentOf(command: Command): CommandSegment {
  const assignments = command.prefix.filter((part): part is Assignment => part.type === 'Assignment')
  return {
    program: command.name === undefined ? { kind: 'dynamic', text: '' } : wordOf(command.name),
    args: command.args.map((arg) => (arg.type === 'Word' ? wordOf(arg) : assignedOf(arg))),
    redirects: command.redirects.map(redirectOf),
    assignments: assignments.map(({ name, value }) => ({
      name,
      value: value.type === 'Word' ? wordOf(value) : { kind: 'dynamic', text: '(…)' },
    })),
    span: { start: command.pos, end: command.end },
  }
}

function redirectOf(redirect: Redirection): CommandRedirect {
  const { operator, descriptor } = redirect
  const number = descriptor?.type === 'FileDescriptor' ? { descriptor: descriptor.value } : {}
  if (redirect.type !== 'HereDoc') {
    const target: CommandWord =
      redirect.target === undefined ? { kind: 'dynamic', text: '' } : wordOf(redirect.target)
    return { operator, ...number, target }
  }
  const { body } = redirect
  const isFixed = body.parts === undefined || body.parts.every(({ type }) => type === 'Literal')
  return { operator, ...number, target: { kind: isFixed ? 'literal' : 'dynamic', text: body.text } }
}

/** `name=value` among the arguments, as `export` and `env` take it. */
function assignedOf({ name, append, value, index, text }: Assignment): CommandWord {
  if (value.type !== 'Word' || index !== undefined) return { kind: 'dynamic', text }
  const inner = wordOf(value)
  return inner.kind === 'dynamic'
    ? { kind: 'dynamic', text }
    : { kind: 'literal', text: `${name}${append === true ? '+' : ''}=${inner.text}` }
}

const FIXED = new Set(['Literal', 'SingleQuoted', 'AnsiCQuoted'])

function wordOf(word: Word): CommandWord {
  const isFixed = (word.parts ?? []).every(
    (part) =>
      FIXED.has(part.type) ||
      ((part.type === 'DoubleQuoted' || part.type === 'LocaleString') &&
        part.parts.every(({ type }) => type === 'Literal')),
  )
  const isTilde = word.text.startsWith('~')
  return isFixed && !isTilde ? { kind: 'literal', text: word.value } : { kind: 'dynamic', text: word.text }
}

/** A first, cheap look: the parser gives up at 256 levels, long after a person could follow. */
function isNestedTooDeep(text: string): boolean {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 40 || code === 123) deepest = Math.max(deepest, ++depth)
    else if ((code === 41 || code === 125) && depth > 0) depth--
  }
  return deepest > MAX_DEPTH
}
