import { calls } from '../../client/calls.ts'
import type { IntegrityAnswer } from '../../api/integrity.ts'
import { command, type Context } from '../command.ts'
import { localTime } from '../out.ts'

export const integrityStatus = command({
  name: 'integrity status',
  about: 'whether the machine is as its baseline says, and how well that is watched',
  details: [
    'unknown: no baseline was taken, so nothing is known. degraded: something differs. recovery_required: three things or more differ, or baseline and state cannot be believed. A state stays until you take a new baseline.',
  ],
  examples: [{ run: 'warder integrity status', does: 'one screen' }],
  exits: ['unavailable'],
  async run(_input, context) {
    const answer = await calls(await context.client()).call('integrityShow', {})
    context.out.result(answer, screen(answer, context))
  },
})

function screen(answer: IntegrityAnswer, { out }: Context): string {
  const { state, since, reason, baseline, differing, lastComplete, lastPass, instant } = answer
  const colour = state === 'trusted' ? 'green' : 'red'
  const time = (at: string): string => localTime(Date.parse(at))
  return [
    `state     ${out.style(colour, state)}${since === undefined ? '' : ` since ${time(since)}`}${reason === undefined ? '' : `: ${reason}`}`,
    ...answer.problems.map((problem) => `problem   ${out.style('red', problem)}`),
    baseline === undefined
      ? 'baseline  none: warder integrity baseline takes one of what is there now'
      : `baseline  revision ${baseline.revision}, ${time(baseline.takenAt)}, ${baseline.files} files below ${baseline.roots} paths`,
    ...(differing === 0 ? [] : [`differs   ${out.style('red', String(differing))}: warder integrity diff`]),
    ...(lastPass === undefined
      ? []
      : [
          `looked    ${time(lastPass.at)}, ${lastPass.milliseconds.toFixed(1)} ms, ${lastPass.filesRead} files read`,
        ]),
    ...(lastComplete === undefined
      ? []
      : [`complete  ${time(lastComplete.at)}, every file read: ${lastComplete.state}`]),
    `instant   ${instant.inForce ? out.style('green', instant.source ?? '') : out.style('yellow', 'not in force')}${instant.why === undefined ? '' : `: ${instant.why}`}`,
    ...instant.failed.slice(0, 10).map((what) => `          only seen by the passes: ${what}`),
  ].join('\n')
}
