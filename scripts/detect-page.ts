/** What of docs/detection.md is made from the rules and their schema. */
import { explainRule, KIND_NAMES, KINDS } from '../src/watch/detect/index.ts'
import { firesWhen } from '../src/watch/detect/explain.ts'
import { shippedRules } from './detect-rules.ts'

export const DETECT_REGIONS: Readonly<Record<string, () => string>> = {
  'detect-rules': () =>
    table(
      ['Rule', 'Fires', 'Severity', 'Makes', 'Techniques'],
      shippedRules().map((rule) => [
        `\`${rule.id}\``,
        `${rule.title}: ${firesWhen(rule)}`,
        rule.severity,
        rule.class ?? 'alert',
        [...rule.attack, ...rule.atlas, ...rule.owasp].join(' '),
      ]),
    ),
  'detect-kinds': () =>
    table(
      ['Kind', 'Fires on'],
      KIND_NAMES.map((kind) => [`\`${kind}\``, KINDS[kind].description ?? '']),
    ),
  'detect-explained': () => {
    const rule = shippedRules().find(({ id }) => id === 'agent.denial-storm')
    if (rule === undefined) throw new Error('the rule that is shown is not there')
    return ['```', '$ warder watch explain agent.denial-storm', ...explainRule(rule), '```'].join('\n')
  },
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}
