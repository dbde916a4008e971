import { lstatSync } from 'node:fs'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { manyArguments } from '../param.ts'
import { JUDGING_DETAILS, JUDGING_OPTIONS, judgeFor, judgePath, toldOf } from './scan-reading.ts'

export const scanFile = command({
  name: 'scan file',
  about: 'find what in files tries to steer whoever reads them',
  details: [
    'Each file is read whole, up to 64 MiB; a file that is not text is read for the text in it. Symbolic links are not followed.',
    ...JUDGING_DETAILS,
  ],
  examples: [
    { run: 'warder scan file README.md AGENTS.md', does: 'two files an agent would read' },
    { run: 'warder scan file --json --fail-at marked notes.txt', does: 'one file, for a program to read' },
  ],
  args: { paths: manyArguments('a file', { value: 'PATH', completes: 'file' }) },
  options: JUDGING_OPTIONS,
  exits: ['unverified'],
  needsConfig: false,
  async run({ paths, channel, failAt, guard }, { out }) {
    const judge = judgeFor(channel, guard)
    for (const path of paths) {
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw isDirectory(path)
      await judgePath(path, judge)
    }
    return toldOf(judge, out, failAt)
  },
})

function isDirectory(path: string): CliError {
  return new CliError(CLI_ERRORS, 'FILE_INVALID', {
    what: `${path} is a directory`,
    fix: `scan it with: warder scan dir ${path}`,
    where: path,
  })
}
