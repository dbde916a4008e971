import type { z } from 'zod'
import { Acceptable } from '../../api/changes.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { counted } from '../counted.ts'
import { argument, manyOption, option } from '../param.ts'

const FLAGS = Acceptable.options

export const changesApply = command({
  name: 'changes apply',
  about: "write an agent's changes to its workspace",
  details: [
    'All of what is chosen is written, or none of it: an interruption is finished or put back at the next start. What stood there is kept in a snapshot first.',
    `What is flagged is left out, and said, unless its flag is accepted: ${FLAGS.join(', ')}. Devices, pipes, sockets and set-id files never come through.`,
    'Commits of an agent that works in a clone of its own come over as refs/warder/AGENT/BRANCH; look at them with git log, and merge them yourself.',
    'A file that the host changed too since the agent began is a conflict: compare both, then take the agent’s with --path FILE --accept conflict, or drop it with `changes discard --path FILE`.',
  ],
  examples: [
    { run: 'warder changes apply builder', does: 'everything that is not flagged' },
    {
      run: 'warder changes apply builder --path src --accept executable',
      does: 'one directory, with its programs',
    },
  ],
  args: { agent: argument('the agent', { completes: 'agent' }) },
  options: {
    path: manyOption('only this path, with what is below it; may be repeated', { completes: 'file' }),
    accept: {
      ...manyOption('take what has this flag; may be repeated, or a list with commas', { value: 'FLAG' }),
      read: flagsIn,
    },
    digest: option('refuse when the changes are not those that `changes show --json` gave this digest'),
    workspace: option('which workspace, when there are several', { value: 'DIR', completes: 'file' }),
  },
  exits: ['missing', 'denied', 'conflict', 'unavailable'],
  async run({ agent, path, accept, digest, workspace }, { client, out }) {
    const answer = await calls(await client()).call('changesApply', {
      agent,
      paths: [...path],
      accept,
      ...(digest === undefined ? {} : { digest }),
      ...(workspace === undefined ? {} : { workspace }),
    })
    const { applied, left, branches, snapshot, closed } = answer
    if (snapshot === undefined) {
      const refs = branches.map(({ ref, after }) => `  ${ref} ${after.slice(0, 12)}`)
      const what = `took over ${counted(branches.length, 'branch', 'branches')} of ${agent} into ${answer.workspace}; nothing was checked out`
      return out.result(answer, [what, ...refs].join('\n'))
    }
    const lines = [
      `applied ${counted(applied.length, 'change')} of ${agent} to ${answer.workspace}${closed ? '' : `; ${left.length} left out`}`,
      ...left.map((each) => `  left out: ${each.path}: ${each.why}`),
    ]
    out.result(answer, lines.join('\n'))
    out.note(`go back with: warder snapshot restore ${snapshot}`)
  },
})

function flagsIn(given: readonly string[]): z.infer<typeof Acceptable>[] {
  return given
    .flatMap((each) => each.split(','))
    .map((word) => {
      const flag = FLAGS.find((each) => each === word)
      if (flag === undefined) throw new Error(`"${word}" is none of ${FLAGS.join(', ')}`)
      return flag
    })
}
