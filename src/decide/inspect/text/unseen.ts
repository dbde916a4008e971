import type { Weighed } from './combine.ts'
import type { Invisible } from './invisible.ts'

/** What characters nobody sees count, by themselves. */
const SPELLED = 0.8
const TURNED = 0.65
const MANY = 0.65
const FEW = 0.35
const LEAST_MANY = 4

export function unseenFindings({ odd, turned, spelled }: Invisible): Weighed[] {
  const findings: Weighed[] = spelled.map(({ start, end }) =>
    finding('tags', 'text written in characters that cannot be seen', start, end, SPELLED),
  )
  if (turned.length > 0)
    findings.push(
      finding('direction', 'shown in another order than it is read', turned[0]!, turned.at(-1)! + 1, TURNED),
    )
  if (odd.length > 0) {
    const weight = odd.length >= LEAST_MANY ? MANY : FEW
    findings.push(
      finding(
        'zero-width',
        'characters that cannot be seen and have no use here',
        odd[0]!,
        odd.at(-1)! + 1,
        weight,
      ),
    )
  }
  return findings
}

function finding(id: string, reason: string, start: number, end: number, weight: number): Weighed {
  return {
    rule: `invisible.${id}`,
    family: 'invisible',
    reason,
    view: 'text',
    start,
    end,
    weight,
    isDamped: false,
    base: weight,
  }
}
