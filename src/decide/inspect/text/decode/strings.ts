import { Rewriting, type Rewritten } from '../view.ts'

/** So long and of so many words that it says something. */
const SHORTEST = 24
const LEAST_BLANKS = 3

/** Whether a text is one value of JSON, as tools answer with: then what stands in quotation marks is said, not quoted. */
export function isJson(text: string): boolean {
  const [first, last] = [text.trimStart()[0], text.trimEnd().at(-1)]
  if (!(first === '{' && last === '}') && !(first === '[' && last === ']')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false // it only begins and ends like it: read as it stands, as any text is
  }
}

/** The longer strings of a JSON text, each a paragraph; undefined where there are none. */
export function stringsIn(json: string): Rewritten | undefined {
  const out = new Rewriting()
  let end = 0
  for (let open = json.indexOf('"'); open >= 0; open = json.indexOf('"', end + 1)) {
    end = closing(json, open)
    if (end < 0) break
    if (end - open < SHORTEST) continue
    const said = JSON.parse(json.slice(open, end + 1)) as string
    if (said.split(' ', LEAST_BLANKS + 1).length <= LEAST_BLANKS) continue
    if (out.length > 0) out.put('\n\n', open)
    out.stretch(said, open + 1, end - open - 1)
  }
  return out.length === 0 ? undefined : out.done(json.length)
}

/** In JSON a quotation mark ends a string unless an odd number of backslashes stands before it. */
function closing(json: string, open: number): number {
  for (let at = json.indexOf('"', open + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let slashes = 0
    while (json.charCodeAt(at - 1 - slashes) === 92) slashes++
    if (slashes % 2 === 0) return at
  }
  return -1
}
