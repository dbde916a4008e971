import { decodedPieces } from './decode/piece.ts'
import { hiddenText, withoutTags } from './decode/hidden.ts'
import { apart, mended, together, withoutLeet } from './decode/mend.ts'
import { REVERSED_HINTS, ROT13_HINTS, turned, type Hint } from './decode/turn.ts'
import { unescapedTexts } from './decode/escape.ts'
import { shapeOf, type Shape } from './decode/shape.ts'
import type { Normal } from './normal.ts'
import { childView, type Rewritten, type View } from './view.ts'

/** What else a view may be read as, each only where a cheap test says that words may come out. */

const MOST_DEPTH = 3
export interface Seen {
  readonly normal: Normal
  /** Words of the view that look as if they were turned, in its own places. */
  readonly hints: readonly Hint[]
}

export const HINTS: readonly string[] = [...ROT13_HINTS, ...REVERSED_HINTS]

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
  for (const { name, rewritten } of decodedPieces(view.text, shape, budget))
    views.push(childView(view, name, rewritten))
  for (const { name, rewritten } of unescapedTexts(view.text, shape, budget))
    views.push(childView(view, name, rewritten, false))
  add(views, view, 'hidden', hiddenText(view.text))
  if (view.text.includes('</') || view.text.includes('/>'))
    add(views, view, 'untagged', withoutTags(view.text), false)
  return views
}

function byLetters(view: View, shape: Shape, { normal, hints }: Seen): View[] {
  const views: View[] = []
  add(views, view, 'rot13', turned(view.text, among(hints, ROT13_HINTS), 'rot13'))
  add(views, view, 'reversed', turned(view.text, among(hints, REVERSED_HINTS), 'reversed'))
  if (shape.hasSingles) add(views, view, 'spaced', together(view.text))
  const plain: View = {
    ...view,
    text: normal.text,
    locate: (start, end) => view.locate(normal.from[start]!, normal.from[end]!),
  }
  if (shape.mixedWords > 1) add(views, plain, 'leet', withoutLeet(normal.text))
  if (shape.hasLongWord) add(views, plain, 'parted', apart(normal.text))
  add(views, plain, 'mended', mended(normal.text), false) // people mistype, too
  return views
}

function among(hints: readonly Hint[], words: ReadonlySet<string>): Hint[] {
  return hints.filter(({ word }) => words.has(word))
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
