import { join, resolve } from 'node:path'
import { readFeed } from '../../api/alert-feed.ts'
import type { AlertAnswer } from '../../api/alerts.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { lastLines } from '../../platform/json-lines.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { localTime } from '../out.ts'
import { choiceOption, integerOption, option } from '../param.ts'
import { damagedNote } from './alerts-words.ts'

export const ALERT_OPTIONS = {
  severity: choiceOption('only this severity or worse', RISK_LEVELS),
  path: option('another feed than the one in alert.directory', { value: 'FILE', completes: 'file' }),
} as const

/** What is read of one file at most. */
const MOST_BYTES = 16 * 1024 * 1024

export const alertsList = command({
  name: 'alerts list',
  about: 'list what was noticed, newest last',
  details: [
    'Reads the feed itself, so that it works while no daemon answers. An alert stands there once, with how often it was seen; lines that are damaged are skipped and counted.',
  ],
  examples: [
    { run: 'warder alerts list --severity high', does: 'what somebody should look at' },
    { run: 'warder alerts list --recent 100 --json', does: 'for a script' },
  ],
  options: { recent: integerOption('the newest so many (default 20)', 1, 10_000), ...ALERT_OPTIONS },
  exits: ['missing'],
  async run({ recent = 20, severity, path }, { config, out, cwd }) {
    const files =
      path === undefined
        ? feedFiles(config.values['alert.directory'], config.values['alert.keep'])
        : [given(resolve(cwd, path))]
    const { alerts, damaged } = newest(files, recent, severity)
    if (damaged > 0) out.note(damagedNote(damaged))
    out.table(
      alerts,
      [
        {
          title: 'SEVERITY',
          value: ({ severity: how }) => how,
          style: (cell, { severity: how }) =>
            out.style(how === 'high' || how === 'critical' ? 'red' : 'yellow', cell),
        },
        { title: 'LAST SEEN', value: ({ last }) => localTime(Date.parse(last)).slice(0, 19) },
        { title: 'COUNT', value: ({ count }) => String(count), right: true },
        { title: 'MESSAGE', value: ({ message }) => message, shrinks: true },
        { title: 'RULE', value: ({ rule }) => rule },
        { title: 'INCIDENT', value: ({ incident }) => incident },
      ],
      { value: { alerts, damaged }, empty: 'nothing was noticed' },
    )
  },
})

function given(path: string): string {
  if (lastLines(path, 0) !== undefined) return path
  throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
    what: `there is no file ${path}`,
    fix: 'name an alert feed, or leave --path out',
    where: path,
  })
}

function feedFiles(directory: string, keep: number): string[] {
  const aside = Array.from({ length: keep }, (_, nth) => join(directory, `alerts.${nth + 1}.jsonl`))
  return [join(directory, 'alerts.jsonl'), ...aside]
}

/** Goes back through the files only as far as it must; the newest file is the first. */
function newest(
  files: readonly string[],
  recent: number,
  severity: AlertAnswer['severity'] | undefined,
): { readonly alerts: AlertAnswer[]; readonly damaged: number } {
  let lines: string[] = []
  for (const file of files) {
    lines = [...(lastLines(file, MOST_BYTES) ?? []), ...lines]
    const feed = readFeed(lines, severity)
    if (feed.alerts.length >= recent) return { alerts: feed.alerts.slice(-recent), damaged: feed.damaged }
  }
  const { alerts, damaged } = readFeed(lines, severity)
  return { alerts: [...alerts], damaged }
}
