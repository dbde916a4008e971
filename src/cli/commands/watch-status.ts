import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const watchStatus = command({
  name: 'watch status',
  about: 'show what is watched now, and what is not',
  details: ['Each watcher says whether it is in force. What nobody could tell is not in force.'],
  examples: [{ run: 'warder watch status', does: 'sources, rules, alerts, and where they are sent' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('watchStatus', {})
    const { rules, rulesOff, rulesFile, rulesProblem, seq, behind, windows, forgotten, alerts } = answer
    const lines = [
      ...answer.sources.map(
        ({ name, inForce, why }) =>
          `${`${name}:`.padEnd(16)} ${out.style(inForce ? 'green' : 'red', inForce ? 'in force' : 'NOT in force')}${why === undefined || why === '' ? '' : `, ${why}`}`,
      ),
      `${'rules:'.padEnd(16)} ${rules}${rulesOff.length === 0 ? '' : `, switched off: ${rulesOff.join(', ')}`}`,
      ...(rulesProblem === undefined
        ? []
        : [`${''.padEnd(16)} ${rulesFile} is not in force: ${rulesProblem}`]),
      `${'ledger:'.padEnd(16)} looked at up to entry ${seq}${behind === 0 ? '' : `, ${behind} behind`}; ${windows} counts under way${forgotten === 0 ? '' : `, ${forgotten} given up`}`,
      `${'second stage:'.padEnd(16)} ${answer.secondStage ?? 'none (rules alone decide)'}`,
      `${'alerts:'.padEnd(16)} ${alerts.open} open, in ${alerts.file}${alerts.problem === undefined ? '' : `; ${alerts.problem}`}`,
      ...answer.senders.map(
        ({ name, to, waiting, sent, dropped, problem }) =>
          `${`${name}:`.padEnd(16)} to ${to}: ${sent} sent, ${waiting} waiting${dropped === 0 ? '' : `, ${dropped} given up`}${problem === undefined ? '' : `; ${problem}`}`,
      ),
    ]
    out.result(answer, lines.join('\n'))
  },
})
