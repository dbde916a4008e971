/**
 * Made-up secrets for the tests. They are put together here, at random from a seed, so that no file of the project holds
 * anything a scanner of repositories would report.
 */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** What makes one rule or another look again and again, when it is repeated. */
export const HOSTILE: readonly string[] = [
  ...[
    'eyJ',
    '-eyJ',
    '.eyJ',
    'key=',
    'password="',
    'curl -u ',
    '://a:',
    'sk-',
    'AAAA',
    ':AA',
    '{"kty"',
    'token: ',
  ],
  ...[
    '"kty""d":',
    'PuTTY-User-Key-File-',
    '1 ',
    '4111 ',
    'a@',
    '\\n',
    'Bearer ',
    'glpat-',
    'ghs_',
    'A',
    'xox',
    's.',
  ],
  ...['machine login password ', '"key":"', 'GB82 ', 'ya29.', `-----BEGIN PRIVATE${' KEY'}-----\n`],
]

export interface Dice {
  /** A whole number below `limit`. */
  below(limit: number): number
  text(alphabet: string, length: number): string
  pick<T>(from: readonly T[]): T
}

/** The same numbers for the same seed. */
export function diceOf(seed: number): Dice {
  const state = { at: seed >>> 0 }
  const below = (limit: number): number => {
    state.at = (Math.imul(state.at, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state.at / 4_294_967_296) * limit)
  }
  return {
    below,
    text: (alphabet, length) => Array.from({ length }, () => alphabet[below(alphabet.length)]).join(''),
    pick: (from) => from[below(from.length)]!,
  }
}

export function letters(dice: Dice, length: number): string {
  return dice.text(LETTERS, length)
}

/** A text that the expression matches: of what a row of the rules is made of, no more. */
export function sampleOf(source: string, dice: Dice): string {
  const reader = { source, at: 0, dice }
  return alternatives(reader)
}

interface Reader {
  readonly source: string
  at: number
  readonly dice: Dice
}

function alternatives(reader: Reader): string {
  const options = [sequence(reader)]
  while (reader.source[reader.at] === '|') {
    reader.at++
    options.push(sequence(reader))
  }
  return reader.dice.pick(options)
}

function sequence(reader: Reader): string {
  let text = ''
  while (reader.at < reader.source.length && !'|)'.includes(reader.source[reader.at]!))
    text += repeated(reader)
  return text
}

/** What can be repeated: how to make one more of it. */
type Maker = () => string

function repeated(reader: Reader): string {
  const make = atom(reader)
  const count = /^(?:\{(\d+)(?:,(\d+))?\}|\?)/.exec(reader.source.slice(reader.at, reader.at + 12))
  if (count === null) return make()
  reader.at += count[0].length
  const least = Number(count[1] ?? 0)
  const most = count[0] === '?' ? 1 : Number(count[2] ?? count[1])
  return Array.from({ length: least + reader.dice.below(most - least + 1) }, make).join('')
}

function atom(reader: Reader): Maker {
  const { source, dice } = reader
  const letter = source[reader.at++]!
  if (letter === '(') {
    if (source.startsWith('?:', reader.at)) reader.at += 2
    const start = reader.at
    alternatives(reader)
    reader.at++
    return () => alternatives({ source, at: start, dice })
  }
  if (letter === '[') {
    const end = source.indexOf(']', reader.at)
    const all = membersOf(source.slice(reader.at, end))
    reader.at = end + 1
    return () => dice.pick(all)
  }
  if (letter !== '\\') return () => letter
  const escaped = source[reader.at++]!
  if (escaped === 'd') return () => String(dice.below(10))
  if (escaped === 'w') return () => letters(dice, 1)
  return () => (escaped === 's' ? ' ' : escaped)
}

function membersOf(inside: string): string[] {
  const text = inside.replace('\\w', '_0-9A-Za-z')
  return [...text.matchAll(/(.)-(.)|(.)/g)].flatMap(([, from, to, one]) =>
    one === undefined
      ? Array.from({ length: to!.charCodeAt(0) - from!.charCodeAt(0) + 1 }, (_, add) =>
          String.fromCharCode(from!.charCodeAt(0) + add),
        )
      : [one],
  )
}
