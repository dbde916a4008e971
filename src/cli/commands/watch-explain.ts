import { nearest } from '../../core/nearest.ts'
import { DetectError, explainRule } from '../../watch/detect/index.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'
import { rulesWith } from './watch-rules-file.ts'

export const watchExplain = command({
  name: 'watch explain',
  about: 'explain a detection rule: what it finds, what honest work looks like it, what it makes',
  examples: [{ run: 'warder watch explain agent.denial-storm', does: 'one rule, in words' }],
  args: { rule: argument('its name, as in warder watch rules') },
  exits: ['missing'],
  async run({ rule: id }, { config, out }) {
    const all = await rulesWith(config.values['detect.rules'])
    const found = all.find(({ rule }) => rule.id === id)
    if (found === undefined) {
      const names = all.map(({ rule }) => rule.id)
      const guess = nearest(id, names)
      throw new DetectError('DETECT_RULE_UNKNOWN', {
        what: `there is no detection rule ${JSON.stringify(id)}`,
        fix:
          guess === undefined ? 'see: warder watch rules' : `did you mean ${guess}? See: warder watch rules`,
      })
    }
    const { rule, from, isOff } = found
    const lines = [...explainRule(rule), `from:            ${isOff ? `${from}, switched off` : from}`]
    out.result({ ...rule, from, off: isOff }, lines.join('\n'))
  },
})
