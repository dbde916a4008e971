import type { OutputOf } from '../../api/endpoints.ts'
import { PostureArea } from '../../api/posture.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { choiceOption, flag } from '../param.ts'

type Answer = OutputOf<'postureScan'>

export const scanPosture = command({
  name: 'scan posture',
  about: 'look over how this machine is set up: keys, memory, files, network, programs',
  details: [
    'Each weakness has points: critical 10, high 7, medium 4, low 1; none is best. What could not be looked at is said. The daemon does the same by itself (posture.interval), and tells what is medium or worse as an alert, once for as long as it is so.',
    'With --fix it mends only what is safe whatever you wanted with it: modes of Warder’s own files, and what it left half written itself. Each change is decided and on record like any other; with --dry-run nothing is changed. All else is yours: the fix stands beside it.',
    'Ends with 8 when something is high or critical, or an area could not be looked over.',
  ],
  examples: [
    { run: 'warder scan posture', does: 'everything' },
    { run: 'warder scan posture files', does: 'open files and programs that give rights away' },
    { run: 'warder scan posture --fix --dry-run', does: 'say what would be mended' },
  ],
  args: { area: choiceOption('only this area', PostureArea.options, { value: 'AREA' }) },
  options: {
    fix: flag('mend what can be mended safely'),
    dryRun: flag('with --fix: say what would be done, and do nothing'),
  },
  exits: ['unavailable', 'unverified'],
  async run({ area, fix, dryRun }, { client, out }) {
    const answer = await calls(await client()).call('postureScan', {
      areas: area === undefined ? [] : [area],
      ...{ fix, dry_run: dryRun },
    })
    const rows = answer.areas.flatMap(({ weaknesses }) => weaknesses)
    out.table(
      rows,
      [
        { title: 'SEVERITY', value: ({ severity }) => severity },
        { title: 'WHAT', value: ({ what }) => what, shrinks: true },
        { title: 'FIX', value: ({ fix: words }) => words, shrinks: true },
      ],
      { value: answer, empty: 'nothing weak was found' },
    )
    say(answer, out)
    return isBad(answer) ? EXIT.unverified : EXIT.ok
  },
})

function say({ score, areas, mended }: Answer, out: { note(text: string): void }): void {
  for (const { area, notes, failed } of areas) {
    if (failed !== undefined) out.note(`${area}: not looked over: ${failed}`)
    for (const note of notes) out.note(`${area}: ${note}`)
  }
  for (const { what, result, why } of mended)
    out.note(
      result === 'done' ? `done: ${what}` : result === 'would' ? `would ${what}` : `failed: ${what}: ${why}`,
    )
  const each = areas.map(({ area, score: points }) => `${area} ${points}`).join(', ')
  out.note(`points against this machine: ${score} (${each})`)
}

function isBad({ areas }: Answer): boolean {
  return areas.some(
    ({ weaknesses, failed }) =>
      failed !== undefined ||
      weaknesses.some(({ severity }) => severity === 'high' || severity === 'critical'),
  )
}
