import { join, resolve } from 'node:path'
import { alertIn } from '../../api/alert-feed.ts'
import { isAtLeast } from '../../core/risk.ts'
import { command } from '../command.ts'
import { ALERT_OPTIONS } from './alerts-list.ts'
import { tail } from './alerts-tail.ts'
import { alertLine } from './alerts-words.ts'

export const alertsFollow = command({
  name: 'alerts follow',
  about: 'show alerts as they are raised',
  details: [
    'Follows the feed, also when it is set aside and begun anew; Ctrl-C ends it. An alert that goes on is shown again with its count.',
  ],
  examples: [
    { run: 'warder alerts follow --severity medium', does: 'from now on, until Ctrl-C' },
    { run: 'warder alerts follow --json', does: 'one JSON document a line' },
  ],
  options: ALERT_OPTIONS,
  exits: ['interrupted'],
  async run({ severity, path }, { config, out, cwd, signal }) {
    const file =
      path === undefined ? join(config.values['alert.directory'], 'alerts.jsonl') : resolve(cwd, path)
    if (out.width !== undefined) out.note('alerts come here as they are raised; Ctrl-C leaves')
    for await (const line of tail(file, signal)) {
      const alert = alertIn(line)
      if (alert === undefined) out.warn('a line could not be read as an alert, and was skipped')
      else if (severity === undefined || isAtLeast(alert.severity, severity))
        out.line(alert, alertLine(alert, out))
    }
  },
})
