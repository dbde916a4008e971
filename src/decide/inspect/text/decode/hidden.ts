import { Rewriting, type Rewritten } from '../view.ts'

/**
 * What a page or a Markdown text holds and does not show: comments, elements made invisible, attributes, link titles,
 * reference definitions. And, as a second reading, the page without its tags.
 */
/** Each with what must stand in the text for it to be worth a look. */
const SHAPES: readonly (readonly [sign: RegExp, shape: RegExp])[] = [
  [
    /style|hidden/i,
    /<[a-z][a-z0-9]{0,20}\s[^<>]{0,300}?(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0(?:[;"'\s]|\.0)|color\s?:\s?(?:white|#fff|transparent)|left\s?:\s?-\d{3,5}px|text-indent\s?:\s?-\d{3,5}|height\s?:\s?[01]px|\shidden(?:[\s=>]))[^<>]{0,300}>([^<]{4,2000})/gi,
  ],
  [
    /=\s{0,3}"/,
    /\s(?:alt|title|aria-label|aria-description|content|placeholder|value|data-[a-z-]{1,30})\s{0,3}=\s{0,3}"([^"]{12,2000})"/gi,
  ],
  [
    /=\s{0,3}'/,
    /\s(?:alt|title|aria-label|aria-description|content|placeholder|value|data-[a-z-]{1,30})\s{0,3}=\s{0,3}'([^']{12,2000})'/gi,
  ],
  [/\]\(/, /\]\([^()\s]{0,500}\s{1,3}"([^"\n]{8,1000})"\)/g],
  [/!\[/, /!\[([^[\]\n]{12,1000})\]/g],
  [/\]:/, /^\s{0,3}\[[^\]\n]{1,100}\]:\s{0,3}\S{1,500}\s{1,3}["'(]([^\n]{8,1000})["')]\s{0,3}$/gm],
  [
    /<(?:noscript|template|title|script|style|details)/i,
    /<(?:noscript|template|title|script|style|details)\b[^<>]{0,200}>([^<]{8,4000})/gi,
  ],
]

export function hiddenText(text: string): Rewritten | undefined {
  if (!/[<[]/.test(text)) return undefined
  const out = new Rewriting()
  let end = comments(text, out)
  for (const [sign, shape] of SHAPES) {
    if (!sign.test(text)) continue
    for (const match of text.matchAll(shape)) {
      const inner = match[1]!
      const start = match.index + match[0].lastIndexOf(inner)
      if (out.length > 0) out.put('\n\n', start)
      out.whole(inner, start)
      end = Math.max(end, start + inner.length)
      if (out.length > text.length) break
    }
  }
  return out.length === 0 ? undefined : out.done(end)
}

/** Each once, by looking for its ends; one without an end hides nothing. */
function comments(text: string, out: Rewriting): number {
  let end = 0
  for (let open = text.indexOf('<!--'); open >= 0; open = text.indexOf('<!--', end)) {
    const close = text.indexOf('-->', open + 4)
    if (close < 0) break
    if (out.length > 0) out.put('\n\n', open)
    out.whole(text.slice(open + 4, close), open + 4)
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
