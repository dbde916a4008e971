import { NOTHING, textFlow, union, type Flow } from './flow.ts'
import type { Field } from './word.ts'

/** What `echo` or `printf` writes, where all of it is known. */
export function printed(name: string, args: readonly Field[]): Flow {
  const flow = args.reduce<Flow>((all, field) => union(all, field.flow), NOTHING)
  const text = args.some(({ isDynamic, isGlob }) => isDynamic || isGlob)
    ? undefined
    : name === 'echo'
      ? echoed(args.map((field) => field.text))
      : formatted(args.map((field) => field.text))
  return text === undefined ? flow : { ...textFlow(text), ...flow, text }
}

function echoed(words: readonly string[]): string {
  let at = 0
  let hasEscapes = false
  let hasEnd = true
  while (at < words.length && /^-[neE]+$/.test(words[at]!)) {
    if (words[at]!.includes('e')) hasEscapes = true
    if (words[at]!.includes('n')) hasEnd = false
    at++
  }
  const text = words.slice(at).join(' ')
  return (hasEscapes ? unescaped(text) : text) + (hasEnd ? '\n' : '')
}

const MOST_ROUNDS = 100

/** @returns undefined for a format that does more than fill in words */
function formatted(words: readonly string[]): string | undefined {
  const args = words[0] === '--' ? words.slice(1) : words
  const [format = '', ...values] = args
  if (format === '-v') return formatted(values.slice(1))
  const shape = format.replaceAll('%%', '')
  const holes = shape.match(/%[sbqdcxX]/g)?.length ?? 0
  if ((shape.match(/%/g)?.length ?? 0) !== holes) return undefined
  let text = ''
  let next = 0
  let rounds = 0
  do {
    text += unescaped(format).replace(/%(.)/gs, (_, kind: string) => {
      if (kind === '%') return '%'
      const value = values[next++] ?? ''
      return kind === 'b' ? unescaped(value) : value
    })
  } while (holes > 0 && next < values.length && ++rounds < MOST_ROUNDS)
  return text
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  E: '\u001b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** `\x72`, `\162`, `\u0072`, `\n` and the like. */
export function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|0?([0-7]{1,3})|([\s\S]))/g,
    (whole, hex?: string, unicode?: string, octal?: string, char?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16))
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      return SIMPLE[char ?? ''] ?? whole
    },
  )
}
