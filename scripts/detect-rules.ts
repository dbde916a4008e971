/** Makes the shipped detection rules of `rules/*.yaml` into a module, so that no start of the daemon reads YAML. */
import { globSync, readFileSync } from 'node:fs'
import { checkRules } from '../src/watch/detect/check.ts'
import { parseRules } from '../src/watch/detect/read.ts'
import type { Rule } from '../src/watch/detect/schema.ts'

/** @throws Error when a file is not of its shape, or a rule does not hold what its tests say */
export function shippedRules(): readonly Rule[] {
  const rules = globSync('rules/*.yaml')
    .toSorted()
    .flatMap((file) => parseRules(readFileSync(file, 'utf8'), file).rules)
  const twice = rules.find(({ id }, at) => rules.findIndex((other) => other.id === id) < at)
  if (twice !== undefined) throw new Error(`there are two rules named ${twice.id}`)
  const broken = checkRules(rules).find(({ isMet }) => !isMet)
  if (broken !== undefined)
    throw new Error(
      `${broken.rule}, "${broken.test}": fires ${broken.fired} times, expected ${broken.expected}`,
    )
  return rules
}

/** `src/watch/detect/shipped.ts`. */
export function shippedModule(): string {
  const lines = shippedRules().map((rule) => `  ${inTemplate(JSON.stringify(rule))}`)
  return `import type { Rule } from './schema.ts'

/** The rules of rules/*.yaml, checked when this file was made: npm run docs. */
export const SHIPPED_RULES = JSON.parse(String.raw\`[
${lines.join(',\n')}
]\`) as readonly Rule[]
`
}

/** Nothing in it may end the template or begin an expression. */
function inTemplate(json: string): string {
  return json.replaceAll('`', '\\u0060').replaceAll('${', '\\u0024{')
}
