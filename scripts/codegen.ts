/**
 * Zod asks once, inside a `try`, whether it may compile its checks, and interprets them when it may not
 * (`util.allowsEval`); nothing else in the bundle may make code from strings.
 */
const ASKS_FIRST = ['/node_modules/zod/']

const MAKES_CODE =
  /(?<![\w$.])eval\s*\(|\bnew\s+Function\b|(?<![\w$.])Function\s*\(|\bconstructor\s*\(\s*['"`]return\b/

/**
 * The modules in a bundle that make code from strings, with the line that does.
 *
 * @param modules as the bundler gives them: path of the module, and what is left of its code
 */
export function codeGenerationIn(
  modules: Readonly<Record<string, { readonly code: string | null }>>,
): string[] {
  return Object.entries(modules)
    .filter(([path]) => !ASKS_FIRST.some((asking) => path.includes(asking)))
    .flatMap(([path, { code }]) =>
      (code ?? '')
        .split('\n')
        .filter((line) => MAKES_CODE.test(withoutComment(line)))
        .map((line) => `${path}: ${line.trim().slice(0, 120)}`),
    )
}

function withoutComment(line: string): string {
  return line.replace(/^\s*(\/\/|\*|\/\*).*/, '')
}
