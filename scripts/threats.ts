/** The tables of docs/threat-model.md, made from `src/core/threat.ts` and `guarded.ts`. */
import { CONTROLS } from '../src/core/control.ts'
import { ASSETS, BOUNDARIES, NOT_PROTECTED } from '../src/core/guarded.ts'
import { ATTACKERS, THREATS } from '../src/core/threat.ts'

/** The generated parts of the page, by the name of their region. */
export const THREAT_REGIONS: Readonly<Record<string, () => string>> = {
  assets: () => ASSETS.map((asset) => `- ${asset}`).join('\n'),
  attackers: () =>
    Object.entries(ATTACKERS)
      .map(([id, who]) => `- **${id}**: ${who}`)
      .join('\n'),
  boundaries: () => BOUNDARIES.map((boundary) => `- ${boundary}`).join('\n'),
  threats: () => THREATS.flatMap(threat).join('\n').trimEnd(),
  'not-protected': () => NOT_PROTECTED.map(({ what, instead }) => `- **${what}.** ${instead}`).join('\n'),
}

function threat({ title, attacker, story, controls, left }: (typeof THREATS)[number]): string[] {
  return [
    `### ${title}`,
    '',
    `${story} *(${attacker})*`,
    '',
    `- Met by: ${controls.map((id) => `[${titleOf(id)}](controls.md#${id})`).join('; ')}`,
    `- Left: ${left}`,
    '',
  ]
}

function titleOf(id: string): string {
  return CONTROLS.find((control) => control.id === id)?.title ?? id
}
