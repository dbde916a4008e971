import { hasControl, refuse } from './form.ts'

const LONGEST_LINE = 4096
const MOST_WORDS = 128
const FIX = 'write one program and its arguments; put special characters in single quotes'

/**
 * Cuts a line into words as a shell would, where a shell would do nothing else: pipes, chains, redirections, variables,
 * substitutions, patterns and assignments are refused, not passed on as text, for who writes them means them.
 *
 * @returns 1 to 128 words; the first is the program as written, not yet looked up
 * @throws FormError `FORM_INVALID`
 */
export function parseCommandLine(line: string): string[] {
  if (line.length > LONGEST_LINE)
    return refuse('a command line', undefined, `write at most ${LONGEST_LINE} characters`)
  if (hasControl(line))
    return refuse('a command line', undefined, 'write one line without control characters')
  const words: string[] = []
  for (let at = 0; at < line.length;) {
    if (line[at] === ' ') at += 1
    else {
      const { word, end } = readWord(line, at)
      words.push(word)
      at = end
    }
  }
  if (words.length === 0 || words.length > MOST_WORDS)
    return refuse('a command line', undefined, `write 1 to ${MOST_WORDS} words`)
  return words
}

const UNQUOTED = /[^ '"|&;<>()$`\\*?[\]{}!#~^]+/y
const SINGLE = /'([^']*)'/y
const DOUBLE = /"((?:[^"\\$`!]|\\["\\])*)"/y

function readWord(line: string, start: number): { word: string; end: number } {
  let word = ''
  let at = start
  while (at < line.length && line[at] !== ' ') {
    const plain = matchAt(UNQUOTED, line, at)
    const single = matchAt(SINGLE, line, at)
    const double = matchAt(DOUBLE, line, at)
    const found = plain ?? single ?? double
    if (found === undefined)
      return refuse('a command line', undefined, `${FIX} (at ${line[at]}, character ${at + 1})`)
    word += plain?.[0] ?? single?.[1] ?? double?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? ''
    at += found[0].length
  }
  const isAssignment = start === line.search(/\S/) && /^[A-Za-z_]\w*\+?=/.test(line.slice(start))
  if (isAssignment)
    return refuse(
      'a command line',
      undefined,
      'leave the assignment out: the environment is not set by a command line',
    )
  return { word, end: at }
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(line) ?? undefined
}
