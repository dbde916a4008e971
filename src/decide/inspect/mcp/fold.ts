/** A text as a reader takes it in, with the way back to the text as it was given. */
export interface Folded {
  readonly text: string
  /** Where each character of `text` began. */
  readonly source: readonly number[]
}

const IGNORABLE = /[\p{Cf}\p{Mn}\p{Variation_Selector}\u115f\u1160\u3164\uffa0]|[\u{e0000}-\u{e0fff}]/u
/** Letters of other scripts that pass for Latin ones. */
const LOOKS = new Map<string, string>(
  [
    ...[
      'аa',
      'сc',
      'еe',
      'іi',
      'јj',
      'оo',
      'рp',
      'ѕs',
      'уy',
      'хx',
      'һh',
      'ԁd',
      'ԛq',
      'ԝw',
      'вb',
      'нh',
      'кk',
      'мm',
    ],
    ...[
      'тt',
      'αa',
      'οo',
      'ρp',
      'νv',
      'ιi',
      'κk',
      'υu',
      'χx',
      'εe',
      'τt',
      'ηn',
      'ɡg',
      'ӏl',
      'ｌl',
      'ıi',
      'օo',
      'աw',
    ],
  ].map((pair) => [pair[0]!, pair[1]!]),
)

/** Small letters, compatibility forms and look-alikes resolved, invisible characters out, one blank for many. */
export function fold(text: string): Folded {
  // eslint-disable-next-line no-control-regex
  return /^[\u0020-\u007e\n]*$/.test(text) ? foldAscii(text) : foldAny(text)
}

const SPACE = 32
const LINE_FEED = 10

/** ASCII takes the short way: nothing changes but letters and blanks. */
function foldAscii(text: string): Folded {
  const small = text.toLowerCase()
  const source: number[] = []
  const pieces: string[] = []
  let from = 0
  for (let at = 0; at < small.length; at++) {
    const code = small.charCodeAt(at)
    if (code !== SPACE && code !== LINE_FEED) {
      source.push(at)
      continue
    }
    pieces.push(small.slice(from, at))
    let hasLine = code === LINE_FEED
    const start = at
    for (; isBlankAt(small, at + 1); at++) hasLine ||= small.charCodeAt(at + 1) === LINE_FEED
    from = at + 1
    if (start === 0) continue
    pieces.push(hasLine ? '\n' : ' ')
    source.push(start)
  }
  pieces.push(small.slice(from))
  return { text: pieces.join(''), source }
}

function isBlankAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === SPACE || code === LINE_FEED
}

function foldAny(text: string): Folded {
  const kept: string[] = []
  const source: number[] = []
  let at = 0
  for (const character of text) {
    for (const one of foldCharacter(character)) put(kept, source, one, at)
    at += character.length
  }
  return { text: kept.join(''), source }
}

function put(kept: string[], source: number[], character: string, at: number): void {
  const isBlank = /\s/.test(character)
  if (isBlank && /\s/.test(kept.at(-1) ?? ' ')) {
    if (character === '\n' && kept.length > 0) kept[kept.length - 1] = '\n'
    return
  }
  kept.push(isBlank && character !== '\n' ? ' ' : character)
  source.push(at)
}

function foldCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code >= 0xe0020 && code <= 0xe007e) return String.fromCodePoint(code - 0xe0000).toLowerCase() // tags
  const wide = character.normalize('NFKD').toLowerCase()
  let folded = ''
  for (const one of wide) if (!IGNORABLE.test(one)) folded += LOOKS.get(one) ?? one
  return folded
}

/** The name with everything taken off that a reader does not tell apart: case, separators, look-alikes. */
export function skeletonOf(name: string): string {
  return fold(name)
    .text.replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replaceAll('0', 'o')
    .replaceAll(/[1|]/g, 'l')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
}
