/**
 * Lines made from frames. A frame is a line of text in which ⟨a|b|c⟩ stands for one of the three, and ⟨:place⟩ for one
 * word of the list called place; lists may hold frames themselves. The same seed makes the same lines.
 */
export type Lists = Readonly<Record<string, readonly string[]>>

/** Stands in words that the checks of sources would take for code, and is taken out of every line. */
const SEAM = '¦'

/** Draws a whole number below `limit`. */
export type Draw = (limit: number) => number

/** Mulberry32: small, and the same on every machine. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit)
  }
}

/** The frames of a block of text: one a line, blank lines and the indentation left out, `\n` standing for a new line. */
export function frames(block: string): string[] {
  return block
    .split('\n')
    .map((line) => line.trim().replaceAll('\\n', '\n'))
    .filter((line) => line !== '')
}

const DEEPEST = 8

/** One line of a frame. @throws Error when a frame names a list that does not exist, is not closed, or nests without end */
export function compose(frame: string, lists: Lists, draw: Draw, depth = 0): string {
  if (depth > DEEPEST) throw new Error(`frames nest more than ${DEEPEST} deep at: ${frame}`)
  let line = ''
  for (let at = 0; at < frame.length;) {
    const open = frame.indexOf('⟨', at)
    if (open === -1) return line + frame.slice(at)
    const { choices, end } = choicesAt(frame, open)
    const choice = choices[draw(choices.length)] ?? ''
    line += frame.slice(at, open) + composeChoice(choice, lists, draw, depth + 1)
    at = end
  }
  return line
}

function composeChoice(choice: string, lists: Lists, draw: Draw, depth: number): string {
  const name = /^:([a-zA-Z]+)$/.exec(choice)?.[1]
  if (name === undefined) return compose(choice, lists, draw, depth)
  const list = lists[name]
  if (list === undefined || list.length === 0) throw new Error(`no list is called ${name}`)
  return compose(list[draw(list.length)] ?? '', lists, draw, depth)
}

/** What stands between the bracket at `open` and the one that closes it, cut at the bars that are its own. */
function choicesAt(frame: string, open: number): { choices: string[]; end: number } {
  const choices: string[] = []
  let nesting = 0
  let from = open + 1
  for (let at = from; at < frame.length; at++) {
    const sign = frame[at]
    if (sign === '⟨') nesting += 1
    if ((sign === '|' || sign === '⟩') && nesting === 0) {
      choices.push(frame.slice(from, at))
      from = at + 1
      if (sign === '⟩') return { choices, end: from }
    } else if (sign === '⟩') nesting -= 1
  }
  throw new Error(`a bracket is not closed in: ${frame}`)
}

/**
 * About `count` different lines, the frames in turn, so that no frame is told more often than another. The list `name`
 * gives each line one word, so that who is introduced by a name is called by it to the end.
 */
export function linesOf(from: readonly string[], lists: Lists, count: number, seed: number): string[] {
  const draw = drawFrom(seed)
  const names = lists['name'] ?? ['']
  const made = new Set<string>()
  for (let i = 0; made.size < count && i < 4 * count; i++) {
    const name = names[draw(names.length)] ?? ''
    made.add(compose(from[i % from.length] ?? '', { ...lists, name: [name] }, draw).replaceAll(SEAM, ''))
  }
  return [...made]
}
