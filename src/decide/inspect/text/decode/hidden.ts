import { Rewriting, type Rewritten } from '../view.ts'
import type { Shape } from './shape.ts'

/**
 * What a page or a Markdown text holds and does not show: comments, elements made invisible, attributes, link titles,
 * reference definitions. And, as a second reading, the page without its tags.
 */
interface HiddenPart {
  /** What must stand in the text for it to be worth a look: tags with more than a name, or brackets, and a sign. */
  readonly in: 'tags' | 'brackets'
  readonly sign: RegExp
  readonly shape: RegExp
}

const PARTS: readonly HiddenPart[] = [
  {
    in: 'tags',
    sign: /=\s{0,3}["']/,
    shape:
      /\s(?:alt|title|aria-label|aria-description|content|placeholder|value|data-[a-z-]{1,30})\s{0,3}=\s{0,3}(?:"([^"]{12,2000})"|'([^']{12,2000})')/gi,
  },
  { in: 'brackets', sign: /\]\(/, shape: /\]\([^()\s]{0,500}\s{1,3}"([^"\n]{8,1000})"\)/g },
  { in: 'brackets', sign: /!\[/, shape: /!\[([^[\]\n]{12,1000})\]/g },
  {
    in: 'brackets',
    sign: /\]:/,
    shape: /^\s{0,3}\[[^\]\n]{1,100}\]:\s{0,3}\S{1,500}\s{1,3}["'(]([^\n]{8,1000})["')]\s{0,3}$/gm,
  },
]

export function hiddenText(text: string, made: Shape): Rewritten | undefined {
  if (made.angles === 0 && made.brackets === 0) return undefined
  const out = new Rewriting()
  const found = made.angles === 0 ? { end: 0, tags: 0 } : elements(text, out)
  let end = made.angles === 0 ? 0 : Math.max(comments(text, out), found.end)
  for (const { in: mark, sign, shape } of PARTS) {
    if ((mark === 'tags' ? found.tags : made.brackets) === 0 || !sign.test(text)) continue
    for (const match of text.matchAll(shape)) {
      const inner = match[1] ?? match[2]!
      end = Math.max(end, add(out, inner, match.index + match[0].lastIndexOf(inner)))
      if (out.length > text.length) break
    }
  }
  return out.length === 0 ? undefined : out.done(end)
}

function add(out: Rewriting, inner: string, start: number): number {
  if (out.length > 0) out.put('\n\n', start)
  out.whole(inner, start)
  return start + inner.length
}

const LONGEST_TAG = 700
const LONGEST_INNER = 4000
/** Elements a page does not show, or only when asked. */
const UNSHOWN = /^<(?:noscript|template|title|script|style|details)\b/i
const STYLE =
  /display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0(?:[;"'\s]|\.0)|color\s?:\s?(?:white|#fff|transparent)|left\s?:\s?-\d{3,5}px|text-indent\s?:\s?-\d{3,5}|height\s?:\s?[01]px|\shidden[\s=>]/i

/** What elements hold that are made invisible: each tag is looked at once, up to its end. Those with attributes are counted. */
function elements(text: string, out: Rewriting): { end: number; tags: number } {
  let [end, tags] = [0, 0]
  for (let open = text.indexOf('<'); open >= 0; open = text.indexOf('<', open + 1)) {
    const close = tagEnd(text, open)
    if (close < 0) continue
    const tag = text.slice(open, close + 1)
    if (tag.includes(' ') || tag.includes('\n')) tags++
    if (!isHiding(tag)) continue
    const next = text.indexOf('<', close)
    const inner = text.slice(close + 1, Math.min(next < 0 ? text.length : next, close + LONGEST_INNER))
    if (inner.trim().length > 3) end = add(out, inner, close + 1)
    if (out.length > text.length) break
  }
  return { end, tags }
}

/** Where the tag ends that begins here; -1 where none does. */
function tagEnd(text: string, open: number): number {
  const first = text.charCodeAt(open + 1) | 32
  if (first < 97 || first > 122) return -1
  const last = Math.min(text.length, open + LONGEST_TAG)
  for (let at = open + 2; at < last; at++) {
    const code = text.charCodeAt(at)
    if (code === 62) return at
    if (code === 60) return -1
  }
  return -1
}

const SHORTEST_HIDING = 7

function isHiding(tag: string): boolean {
  if (tag.length < SHORTEST_HIDING) return false
  return UNSHOWN.test(tag) || (/[\s]/.test(tag) && STYLE.test(tag))
}

/** Each once, by looking for its ends; one without an end hides nothing. */
function comments(text: string, out: Rewriting): number {
  let end = 0
  for (let open = text.indexOf('<!--'); open >= 0; open = text.indexOf('<!--', end)) {
    const close = text.indexOf('-->', open + 4)
    if (close < 0) break
    add(out, text.slice(open + 4, close), open + 4)
    end = close + 3
  }
  return end
}

const TAG = /<\/?([a-z][a-z0-9-]{0,30})(?:\s[^<>]{0,600})?\/?>/gi
const INLINE = /^(?:b|i|u|s|a|em|strong|span|font|small|big|sub|sup|mark|wbr|code|tt|bdi|bdo|abbr|ins|del)$/i

/** The text of a page as it is read: what stands in tags is gone, and inline ones do not part words. */
export function withoutTags(text: string): Rewritten | undefined {
  const out = new Rewriting()
  let done = 0
  let count = 0
  for (const match of text.matchAll(TAG)) {
    out.keep(text.slice(done, match.index), done)
    if (!INLINE.test(match[1]!)) out.put('\n\n', match.index)
    done = match.index + match[0].length
    count++
  }
  if (count < 3) return undefined
  out.keep(text.slice(done), done)
  return out.done(text.length)
}
