import { Rewriting, type Rewritten } from '../view.ts'
import { NAMED } from './entity.ts'
import type { Shape } from './shape.ts'

/** Ways to write single characters otherwise, as programs, pages, addresses and mail do. */
interface Escape {
  readonly name: string
  /** What must stand in the text, often enough, for it to be worth a look. */
  readonly sign: keyof Pick<Shape, 'backslashes' | 'ampersands' | 'percents' | 'equals'>
  readonly shape: RegExp
  readonly least: number
  readonly decode: (found: string) => string
}

const ESCAPES: readonly Escape[] = [
  {
    name: 'escapes',
    sign: 'backslashes',
    shape: /\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|U[0-9a-f]{8}|[0-3][0-7]{2}|[nrt"'/\\])/gi,
    least: 2,
    decode: unescaped,
  },
  {
    name: 'entities',
    sign: 'ampersands',
    shape: /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});/gi,
    least: 2,
    decode: (found) =>
      found[1] === '#'
        ? charOf(/^&#x/i.test(found) ? Number.parseInt(found.slice(3), 16) : Number(found.slice(2, -1)))
        : (NAMED.get(found.slice(1, -1).toLowerCase()) ?? found),
  },
  {
    name: 'percent',
    sign: 'percents',
    shape: /(?:%[0-9a-f]{2})+|\+/gi,
    least: 3,
    decode: (found) => (found === '+' ? ' ' : Buffer.from(found.replaceAll('%', ''), 'hex').toString('utf8')),
  },
  {
    name: 'quoted-printable',
    sign: 'equals',
    shape: /(?<!=)=\r?\n|(?:=[0-9A-F]{2})+/g,
    least: 3,
    decode: (found) =>
      /^=\r?\n/.test(found) ? '' : Buffer.from(found.replaceAll('=', ''), 'hex').toString('utf8'),
  },
]

export function unescapedTexts(
  text: string,
  made: Shape,
  budget: number,
): { name: string; rewritten: Rewritten }[] {
  return ESCAPES.flatMap(({ name, sign, shape, least, decode }) => {
    if (made[sign] < least) return []
    const rewritten = rewrite(text.slice(0, budget), shape, decode)
    return rewritten === undefined ? [] : [{ name, rewritten }]
  })
}

function rewrite(text: string, shape: RegExp, decode: (found: string) => string): Rewritten | undefined {
  const found = [...text.matchAll(shape)]
  if (found.every(([all]) => all === '+')) return undefined
  const out = new Rewriting()
  let done = 0
  for (const match of found) {
    const decoded = decode(match[0])
    out.keep(text.slice(done, match.index), done)
    out.put(decoded, match.index)
    done = match.index + match[0].length
  }
  out.keep(text.slice(done), done)
  return out.done(text.length)
}

const SHORT: Readonly<Record<string, string>> = {
  n: '\n',
  r: ' ',
  t: ' ',
  '"': '"',
  "'": "'",
  '/': '/',
  '\\': '\\',
}

function unescaped(found: string): string {
  const kind = found[1]!
  if (/[0-3]/.test(kind)) return charOf(Number.parseInt(found.slice(1), 8))
  if (/[xu]/i.test(kind)) return charOf(Number.parseInt(found.slice(2).replaceAll(/[{}]/g, ''), 16))
  return SHORT[kind.toLowerCase()] ?? found
}

function charOf(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' '
}
