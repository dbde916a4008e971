import { calls } from '../../client/calls.ts'
import { INCIDENT_CLASSES, INCIDENT_STATES, OWN_CLASSES } from '../../core/incident.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { command } from '../command.ts'
import { choiceOption, integerOption, option } from '../param.ts'

export const incidentList = command({
  name: 'incident list',
  about: 'list what went wrong, the worst first',
  details: ['Without --state what is not resolved is shown.'],
  examples: [
    { run: 'warder incident list', does: 'what somebody has to look at' },
    { run: 'warder incident list --state resolved --severity high', does: 'what is over, and was bad' },
  ],
  options: {
    class: choiceOption('only this class', [...INCIDENT_CLASSES, ...OWN_CLASSES]),
    state: choiceOption('only this state', [...INCIDENT_STATES, 'active', 'all']),
    severity: choiceOption('at least so bad', RISK_LEVELS),
    agent: option('only of this agent', { completes: 'agent' }),
    limit: integerOption('at most so many (100)', 1, 1000),
  },
  exits: ['denied', 'unavailable'],
  async run({ class: kind, state = 'active', severity, agent, limit }, { client, out }) {
    const answer = await calls(await client()).call('incidentList', {
      ...(kind === undefined ? {} : { class: kind }),
      ...(state === 'all' ? {} : { state }),
      ...(severity === undefined ? {} : { severity }),
      ...(agent === undefined ? {} : { agent }),
      ...(limit === undefined ? {} : { limit }),
    })
    if (answer.problem !== undefined) out.warn(answer.problem)
    out.table(
      answer.incidents,
      [
        { title: 'INCIDENT', value: ({ id }) => id },
        { title: 'SEVERITY', value: ({ severity: bad }) => bad },
        { title: 'STATE', value: (each) => each.state },
        { title: 'CLASS', value: (each) => each.class },
        { title: 'AGENT', value: (each) => each.agent ?? '-' },
        { title: 'COUNT', value: ({ count }) => String(count), right: true },
        { title: 'WHAT', value: ({ summary }) => summary, shrinks: true },
      ],
      { value: answer, empty: state === 'active' ? 'nothing waits for anybody' : 'there is none' },
    )
  },
})
