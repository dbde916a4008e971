/**
 * Ways to start programs that let text become a command, found in sources. What the linter can say by itself (imports of
 * `exec`) stands in its settings; here is what needs a look at the call.
 */

export interface UnsafeForm {
  readonly file: string
  readonly line: number
  readonly what: string
}

const STARTERS = /\b(?:spawn|spawnSync|execFile|execFileSync|fork)\s*\(/g
const SHELL_SWITCHED_ON = /\bshell['"]?\]?\s*[:=]\s*(?:true\b|['"`]\/|process\b)/
const CONTEXTS = /\bfrom\s+['"](?:node:)?vm['"]/ // no boundary, and a maker of code
const LATE_IMPORT = /\b(?:require|import|getBuiltinModule)\s*\(\s*['"`](?:node:)?(?:child_process|vm)['"`]/
// a variable may hold a script we wrote; one put together on the spot holds what it was given
const SCRIPT_OF_PARTS = /['"]-[a-z]*c['"]\s*,\s*(?:`[^`]*\$\{|(?:'[^'\n]*'|"[^"\n]*"|`[^`]*`|[\w.]+)\s*\+)/
const PROGRAM_OF_PARTS = /^\s*(?:`(?!\/proc\/self\/fd\/\$)[^`]*\$\{|(?:'[^'\n]*'|"[^"\n]*"|[\w.]+)\s*\+)/

/** @param text a source without its comments */
export function unsafeForms(file: string, text: string): UnsafeForm[] {
  const found = (index: number, what: string): UnsafeForm => ({
    file,
    line: text.slice(0, index).split('\n').length,
    what,
  })
  const anywhere = [
    [SHELL_SWITCHED_ON, 'a shell is switched on'],
    [CONTEXTS, 'node:vm makes code from text'],
    [LATE_IMPORT, 'processes or contexts are imported where no rule sees it'],
    [SCRIPT_OF_PARTS, 'a script is put together from parts'],
  ] as const
  const forms = anywhere.flatMap(([pattern, what]) =>
    [...text.matchAll(new RegExp(pattern, 'g'))].map(({ index }) => found(index, what)),
  )
  for (const match of text.matchAll(STARTERS)) {
    const inside = argumentsOf(text, match.index + match[0].length)
    if (/\bshell\b/.test(withoutTexts(inside)))
      forms.push(found(match.index, 'a call that starts a program speaks of a shell'))
    if (PROGRAM_OF_PARTS.test(inside))
      forms.push(found(match.index, 'the program is put together from parts'))
  }
  return forms
}

/** From behind the opening bracket to its closing one; brackets within texts do not count. */
function argumentsOf(text: string, start: number): string {
  const plain = withoutTexts(text.slice(start))
  let open = 1
  for (let at = 0; at < plain.length; at += 1) {
    if (plain[at] === '(') open += 1
    if (plain[at] === ')') open -= 1
    if (open === 0) return text.slice(start, start + at)
  }
  return text.slice(start)
}

/** The same length, with blanks for what stands in quotes. */
function withoutTexts(text: string): string {
  return text.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/gs, (quoted) =>
    ' '.repeat(quoted.length),
  )
}
