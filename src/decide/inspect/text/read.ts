import { decodedPieces } from './decode/piece.ts'
import { hiddenText, withoutTags } from './decode/hidden.ts'
import { apart, together } from './decode/apart.ts'
import { mended, withoutLeet } from './decode/mend.ts'
import { isJson, stringsIn } from './decode/strings.ts'
import { turned, turnedParts } from './decode/turn.ts'
import type { Turn } from './decode/lean.ts'
import { unescapedTexts } from './decode/escape.ts'
import { shapeOf, type Shape } from './decode/shape.ts'
import type { Normal } from './normal.ts'
import { childView, type Rewritten, type View } from './view.ts'

/** What else a view may be read as, each only where a cheap test says that words may come out. */

const MOST_DEPTH = 3
const TURNS: readonly Turn[] = ['rot13', 'reversed']

export interface Seen {
  readonly normal: Normal
  /** How many words of it may be known ones with their letters swapped. */
  readonly garbled: number
}

/** The next readings of a view. What was only mended is not decoded again: it is as plain as it gets. */
export function furtherViews(view: View, seen: Seen, budget: number): View[] {
  if (view.depth >= MOST_DEPTH || /(?:mended|parted|leet)$/.test(view.name)) return []
  const shape = shapeOf(view.text)
  return [...byCoding(view, shape, budget), ...byLetters(view, shape, seen)].filter(
    ({ text }) => text.trim().length >= 8 && text !== view.text,
  )
}

function byCoding(view: View, shape: Shape, budget: number): View[] {
  const views: View[] = []
  for (const { name, rewritten: decoded } of decodedPieces(view.text, shape, budget))
    views.push(childView(view, name, decoded))
  // what the strings of JSON say is read without its escapes; all else that stands there is marks and numbers
  const hasStrings = shape.quotes > 0 && isJson(view.text)
  if (hasStrings) add(views, view, 'strings', stringsIn(view.text), false)
  for (const { name, rewritten: plain } of unescapedTexts(view.text, shape, budget))
    if (!hasStrings || name !== 'escapes') views.push(childView(view, name, plain, false))
  add(views, view, 'hidden', hiddenText(view.text, shape))
  if (shape.angles > 2 && (view.text.includes('</') || view.text.includes('/>')))
    add(views, view, 'untagged', withoutTags(view.text), false)
  return views
}

function byLetters(view: View, shape: Shape, { normal, garbled }: Seen): View[] {
  const views: View[] = []
  for (const turn of TURNS)
    // what was turned back stands beside what was not, and would be turned once more
    if (!view.name.includes(turn))
      add(views, view, turn, turned(view.text, turnedParts(view.text, shape.doubtful, turn), turn))
  if (shape.singles.length > 0 && !view.name.includes('spaced'))
    add(views, view, 'spaced', together(view.text, shape.singles))
  const plain: View = {
    ...view,
    text: normal.text,
    locate: (start, end) => view.locate(normal.from[start]!, normal.from[end]!),
  }
  if (shape.mixedWords > 1) add(views, plain, 'leet', withoutLeet(normal.text))
  if (shape.longWords.length > 0) add(views, plain, 'parted', apart(normal, shape.longWords))
  add(views, plain, 'mended', mended(normal.text, garbled), false) // people mistype, too
  return views
}

function add(
  views: View[],
  parent: View,
  name: string,
  rewritten: Rewritten | undefined,
  isHidden = true,
): void {
  if (rewritten !== undefined) views.push(childView(parent, name, rewritten, isHidden))
}
