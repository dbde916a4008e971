import { readSmallFile } from '../../platform/files.ts'
import { withOwn, type RuleInForce } from '../../watch/detect/index.ts'

/** The shipped rules and those of a file, as the daemon would take them. @throws DetectError, FileError */
export async function rulesWith(path: string, text?: string): Promise<readonly RuleInForce[]> {
  const { SHIPPED_RULES } = await import('../../watch/detect/shipped.ts')
  const own = text ?? readSmallFile(path)?.toString('utf8')
  if (own === undefined) return withOwn(SHIPPED_RULES, { version: 1, disable: [], rules: [] })
  const { parseRules } = await import('../../watch/detect/read.ts')
  return withOwn(SHIPPED_RULES, parseRules(own, path))
}
