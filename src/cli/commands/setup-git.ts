import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readSmallFile, writeFileAtomic } from '../../platform/files.ts'
import { LAUNCHER } from '../../platform/hook-program.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { flag, optionalArgument } from '../param.ts'
import { hooksOf, repositoryAt } from './repository.ts'

const BEGIN = '# warder: what holds secrets is not committed'
const END = '# warder: end'
const KEPT_OUT = [
  '.env',
  '.env.*',
  '!.env.example',
  '!.env.sample',
  '*.pem',
  '*.key',
  '*.p12',
  'credentials.enc',
]
const MARK = '# written by: warder setup git'

export const setupGit = command({
  name: 'setup git',
  about: 'keep secrets out of the commits of a repository',
  details: [
    'Writes a hook that looks at what is about to be committed (warder scan repository --staged) and refuses the commit when it finds a secret, or cannot look; and entries in .gitignore for files that hold secrets. Lines of yours stay as they are.',
    'A hook that is not ours is never replaced: then it says what to add to it. Whoever commits can pass any hook by (git commit --no-verify): it helps those who want to be helped; in a pipeline run warder scan repository again.',
    'Done twice it changes nothing. --remove takes out what it put in.',
  ],
  examples: [
    { run: 'warder setup git', does: 'for the repository here' },
    { run: 'warder setup git --remove ../project', does: 'takes it back there' },
  ],
  args: {
    directory: optionalArgument('a directory in the repository (default: this one)', { completes: 'file' }),
  },
  options: { remove: flag('take it back') },
  exits: ['missing', 'conflict'],
  needsConfig: false,
  async run({ directory, remove }, { out, cwd, environment }) {
    const repository = await repositoryAt(resolve(cwd, directory ?? '.'), {})
    const hook = join(await hooksOf(repository, environment), 'pre-commit')
    const ignore = join(repository.root, '.gitignore')
    const changed = remove
      ? [removeHook(hook), setIgnored(ignore, false)]
      : [writeHook(hook), setIgnored(ignore, true)]
    const [isHookChanged, isIgnoreChanged] = changed
    const lines = [
      `${hook}: ${said(isHookChanged === true, remove)}`,
      `${ignore}: ${said(isIgnoreChanged === true, remove)}`,
    ]
    out.result(
      { hook, ignore, changed: isHookChanged === true || isIgnoreChanged === true },
      lines.join('\n'),
    )
    if (!remove) out.note('what is in the repository already: warder scan repository --history')
    return EXIT.ok
  },
})

function said(isChanged: boolean, isRemoving: boolean): string {
  if (!isChanged) return 'as it was'
  return isRemoving ? 'taken back' : 'written'
}

function hookText(program: string): string {
  return `#!/bin/sh
${MARK}
# Refuses a commit in which secrets are found, and one that cannot be looked at.
${quoted(program)} scan repository --staged >&2
case $? in
  0) exit 0 ;;
  8) echo 'warder: not committed. Take it out, or mark the line: warder:allow-secret until=YYYY-MM-DD and why' >&2 ;;
  *) echo 'warder: not committed, because it could not be looked at' >&2 ;;
esac
exit 1
`
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** @throws CliError `HOOK_TAKEN` when a hook of somebody else's stands there */
function writeHook(path: string): boolean {
  const old = ours(path)
  const text = hookText(LAUNCHER)
  if (old === text) return false
  mkdirSync(resolve(path, '..'), { recursive: true })
  writeFileAtomic(path, text, 0o755)
  return true
}

function removeHook(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false
  const text = readSmallFile(path)?.toString('utf8')
  if (text?.includes(`\n${MARK}\n`) !== true) return false // somebody else's stays
  rmSync(path)
  return true
}

/** What of ours stands there; undefined when nothing does. */
function ours(path: string): string | undefined {
  const about = lstatSync(path, { throwIfNoEntry: false })
  if (about === undefined) return undefined
  const text = about.isFile() ? readSmallFile(path)?.toString('utf8') : undefined
  if (text?.includes(`\n${MARK}\n`) === true) return text
  throw new CliError(CLI_ERRORS, 'HOOK_TAKEN', {
    what: `there is a hook already, and it is not Warder's: ${path}`,
    fix: 'add this line to it: warder scan repository --staged || exit 1',
    where: path,
  })
}

/** Puts our lines into a file of ignored names, or takes them out; all others stay. */
function setIgnored(path: string, isWanted: boolean): boolean {
  const old = readSmallFile(path)?.toString('utf8') ?? ''
  const begin = old.indexOf(`${BEGIN}\n`)
  const end = old.indexOf(`${END}\n`, begin)
  const rest = begin >= 0 && end >= 0 ? old.slice(0, begin) + old.slice(end + END.length + 1) : old
  const gap = rest === '' || rest.endsWith('\n') ? '' : '\n'
  const text = isWanted ? `${rest}${gap}${[BEGIN, ...KEPT_OUT, END].join('\n')}\n` : rest
  if (
    text === old ||
    (isWanted && begin >= 0 && old.slice(begin, end) === `${[BEGIN, ...KEPT_OUT].join('\n')}\n`)
  )
    return false
  if (text === '') rmSync(path)
  else writeFileAtomic(path, text, 0o644)
  return true
}
