import { calls } from '../../client/calls.ts'
import { SENSITIVITY_LEVELS } from '../../core/risk.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { argument, choiceOption, option } from '../param.ts'

export const policyExplain = command({
  name: 'policy explain',
  about: 'answer "may this agent do that", with the rule, the layer and the smallest change',
  details: [
    'Nothing is done and nothing is recorded as done; the answer is what the gate would say now. Exit 0 when it would allow, 3 when not.',
  ],
  examples: [
    {
      run: 'warder policy explain builder fs:write:/srv/www/index.html',
      does: 'why, and what would change it',
    },
    {
      run: 'warder policy explain owner fs:read:/etc/shadow',
      does: 'the owner is not above a hard exclusion',
    },
  ],
  args: {
    agent: argument('the agent, or owner', { completes: 'agent' }),
    capability: argument('namespace:action:resource, the resource exact'),
  },
  options: {
    task: option('the task it would belong to'),
    sensitivity: choiceOption('how private the data is', SENSITIVITY_LEVELS),
  },
  exits: ['denied', 'unavailable'],
  async run({ agent, capability, task, sensitivity }, { client, out }) {
    const answer = await calls(await client()).call('policyExplain', {
      ...(agent === 'owner' ? {} : { as: agent }),
      capability,
      ...(task === undefined ? {} : { task }),
      ...(sensitivity === undefined ? {} : { sensitivity }),
    })
    const { effect, layer, rule, reason, fix } = answer.decision
    const colour = effect === 'allow' ? 'green' : effect === 'deny' ? 'red' : 'yellow'
    const lines = [
      `${out.style(['bold', colour], effect)} by ${layer}, rule ${rule}`,
      `  ${reason}`,
      ...answer.matched.map(
        (match) =>
          `  ${match.applies ? 'matched' : `not applied, ${match.because ?? ''}`}: ${match.effect} ${match.rule} ${match.capability}`,
      ),
      ...(answer.change === undefined
        ? fix === undefined
          ? []
          : [`  fix: ${fix}`]
        : [`  to change it: ${answer.change.note}`]),
      ...(answer.change?.command === undefined ? [] : [`  for a time: ${answer.change.command}`]),
      ...(answer.change?.patch === undefined
        ? []
        : [`  for good, in the policy:\n${answer.change.patch.trimEnd().replaceAll(/^/gm, '    ')}`]),
    ]
    out.result(answer, lines.join('\n'))
    return effect === 'allow' ? EXIT.ok : EXIT.denied
  },
})
