import { command } from '../command.ts'
import { manyArguments } from '../param.ts'
import { JUDGING_DETAILS, JUDGING_OPTIONS, judgeFor, judgePath, toldOf } from './scan-reading.ts'

export const scanDir = command({
  name: 'scan dir',
  about: 'find what in a directory tries to steer whoever reads it',
  details: [
    'All files below it are read but those in .git and node_modules; symbolic links are not followed. Clean files are counted, not listed.',
    ...JUDGING_DETAILS,
  ],
  examples: [
    { run: 'warder scan dir docs', does: 'what an agent would read there' },
    {
      run: 'warder scan dir --channel memory --fail-at marked ~/.claude',
      does: 'what an agent remembers, strictly',
    },
  ],
  args: { paths: manyArguments('a directory', { value: 'PATH', completes: 'file' }) },
  options: JUDGING_OPTIONS,
  exits: ['unverified'],
  needsConfig: false,
  async run({ paths, channel, failAt, guard }, { out }) {
    const judge = judgeFor(channel, guard)
    for (const path of paths) await judgePath(path, judge)
    return toldOf(judge, out, failAt)
  },
})
