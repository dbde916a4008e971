import type { OutputOf } from '../../api/endpoints.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { wrap } from '../help.ts'
import type { Out, Style } from '../out.ts'
import { manyOption, option } from '../param.ts'
import { printable } from '../printable.ts'
import { table } from '../table.ts'

type Report = OutputOf<'sandboxTest'>
type Attempt = Report['results'][number]

export const sandboxTest = command({
  name: 'sandbox test',
  about: 'try to get out of the sandbox in every way known, on this host, now',
  details: [
    'Each attempt is made twice: outside, where it must succeed or it proves nothing, and inside a sandbox that is built like any other. Stopped means seen to work outside and seen to fail inside. What no sandbox of this kind can stop is tried all the same, named, and explained.',
    'The result is recorded in the ledger. What a test finds broken is no longer claimed by status and probe, and a run whose profile relies on it is refused, until a later test of everything passes. A partial test (--only) can find something broken, but takes nothing back.',
    'Exit 0: nothing got out and nothing is missing. Exit 8: something got out. Exit 7: nothing got out, but attempts that had to show something could not be made.',
  ],
  examples: [
    { run: 'warder sandbox test', does: 'everything, in the profile of a coding agent' },
    { run: 'warder sandbox test --profile tool-minimal', does: 'the same in the profile of a small tool' },
    { run: 'warder sandbox test --only network', does: 'one group of attempts' },
  ],
  options: {
    profile: option('the profile (default: agent)', { completes: 'profile' }),
    driver: option('the sandbox driver (default: the one that runs agents)', { value: 'DRIVER' }),
    only: manyOption('an attempt, or a group of them; can be given again', { value: 'NAME' }),
  },
  exits: ['missing', 'denied', 'unavailable', 'unverified'],
  async run({ profile, driver, only }, { client, out }) {
    const connected = calls(await client())
    out.note('trying every way out, outside and inside; this takes some seconds')
    const report = await connected.call('sandboxTest', {
      ...(profile === undefined ? {} : { profile }),
      ...(driver === undefined ? {} : { driver }),
      only: [...only],
    })
    out.result(report, screen(report, out))
    if (report.counts.escaped > 0) return EXIT.unverified
    return report.isGreen ? EXIT.ok : EXIT.unavailable
  },
})

const WORDS: Readonly<Record<Attempt['result'], { readonly text: string; readonly style: Style }>> = {
  stopped: { text: 'stopped', style: 'green' },
  escaped: { text: 'ESCAPED', style: 'red' },
  'not-stoppable': { text: 'cannot be stopped', style: 'yellow' },
  'not-run': { text: 'not run', style: 'yellow' },
  'no-control': { text: 'no control', style: 'yellow' },
}

function screen(report: Report, out: Out): string {
  const groups = [...Map.groupBy(report.results, ({ group }) => group)]
  const parts = groups.map(([name, attempts]) => {
    const stopped = attempts.filter(({ result }) => result === 'stopped').length
    const head = `${out.style('bold', name)}  ${stopped} of ${attempts.length} stopped`
    return [head, rows(attempts, out), ...notStopped(attempts, out.width), ''].join('\n')
  })
  return [...parts, summary(report, out)].join('\n')
}

function rows(attempts: readonly Attempt[], out: Out): string {
  return table(
    attempts,
    [
      {
        title: '',
        value: ({ result }) => WORDS[result].text,
        style: (cell, { result }) => out.style(WORDS[result].style, cell),
      },
      { title: 'ATTEMPT', value: ({ name }) => name },
      { title: 'TRIES', value: ({ tries }) => tries, shrinks: true },
      { title: 'BY', value: ({ stoppedBy }) => stoppedBy },
      {
        title: 'ANSWER',
        value: ({ why, isMissing }) => (isMissing ? `MISSING: ${why}` : why),
        shrinks: true,
      },
    ],
    out.width,
  )
}

/** Whole, for a narrow table cuts what it says: what was not stopped is what one has to know. */
export function notStopped(
  attempts: readonly Pick<Attempt, 'name' | 'tries' | 'why' | 'result'>[],
  width: number | undefined,
): string[] {
  if (width === undefined) return []
  return attempts
    .filter(({ result }) => result !== 'stopped')
    .flatMap(({ name, tries, why }) =>
      wrap(printable(`${name}: ${tries}: ${why}`), Math.max(30, width - 4)).map((line, at) =>
        at === 0 ? `  ${line}` : `    ${line}`,
      ),
    )
}

function summary({ counts, ...report }: Report, out: Out): string {
  const verdict = report.isGreen
    ? out.style('green', 'nothing got out')
    : counts.escaped > 0
      ? out.style('red', `${counts.escaped} got out`)
      : out.style('yellow', 'nothing got out, but the test is not complete')
  return [
    `${verdict}: ${counts.stopped} stopped, ${counts.escaped} escaped, ${counts.notStoppable} cannot be stopped, ${counts.noControl} without a control, ${counts.notRun} not run (${counts.missing} of them missing)`,
    `driver ${report.driver}, level ${report.level}, profile ${report.profile}, ${(report.durationMs / 1000).toFixed(1)} s${report.entry === undefined ? '' : `, recorded as entry ${report.entry}`}`,
    ...(report.broken.length === 0
      ? []
      : [out.style('red', `no longer claimed, and refused where required: ${report.broken.join(', ')}`)]),
  ].join('\n')
}
