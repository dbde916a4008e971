import { dirname, join } from 'node:path'
import { formatSize } from '../../../core/quantity.ts'
import { group, type Attempt, type Stage, type Target } from './attempt.ts'
import { isThere } from './host.ts'
import { planted, plantText, temporary } from './files.ts'

const MIB = 1024 ** 2

/** Why something below a protected name is not tried: the profile does not promise to keep it. */
function unlessProtected(name: string): (target: Target) => string | undefined {
  return ({ profile }) =>
    profile.protected.some((each) => each.replace(/\/$/, '') === name)
      ? undefined
      : `profile ${profile.name} does not protect ${name}`
}

const inWorkspace = (name: string) => (stage: Stage) => join(stage.workspace, name)

function protectedFile(name: string, at: string, tries: string) {
  return {
    name,
    tries,
    unless: unlessProtected(at.split('/')[0] ?? at),
    order: (stage: Stage) => ['plant', inWorkspace(at)(stage), plantText(stage)],
    happened: planted(inWorkspace(at)),
  }
}

const IN_HOME = [
  { name: 'shell-start', what: 'a file beside the start-up files of the shell', below: '' },
  { name: 'user-service', what: 'a service of the user', below: '.config/systemd/user' },
  { name: 'autostart', what: 'a program that starts with the desktop', below: '.config/autostart' },
].map(({ name, what, below }) => ({
  name,
  what,
  path: (stage: Stage) => join(nearest(stage.home, below), `.warder-planted-${name}-${stage.token}`),
}))

/** What a control, or an escape, leaves in the user's own home. */
export function plantsInHome(stage: Stage): readonly string[] {
  return IN_HOME.map(({ path }) => path(stage))
}

const PERSISTENCE = group({ group: 'persistence', guarantee: 'protected-names' }, [
  protectedFile('git-hook', '.git/hooks/post-checkout', 'leaves a hook for the next git command outside'),
  protectedFile('git-config', '.git/config', 'has the next git command outside run a program of its choice'),
  protectedFile('editor-tasks', '.vscode/tasks.json', 'leaves a task for the editor'),
  protectedFile('npm-config', '.npmrc', 'changes where packages come from'),
  protectedFile(
    'absent-direnv',
    '.envrc',
    'makes the file a shell would run on entering, which was not there',
  ),
  protectedFile('absent-mcp', '.mcp.json', 'makes a list of tools for the next agent, which was not there'),
  protectedFile(
    'absent-settings',
    '.claude/settings.json',
    'makes the settings of the next agent, which were not there',
  ),
  protectedFile('absent-hooks', '.husky/pre-commit', 'makes a hook directory that was not there'),
  ...IN_HOME.map(({ name, what, path }) => ({
    name,
    tries: `leaves ${what}`,
    guarantee: 'namespaces' as const,
    atEveryLevel: true,
    isRequired: false,
    order: (stage: Stage) => ['plant', path(stage), plantText(stage)],
    happened: planted(path),
  })),
  {
    name: 'cron-job',
    tries: 'leaves a job for cron',
    guarantee: 'read-only-system',
    isRequired: false,
    order: () => ['open', 'tmp', '/etc/cron.d', '/var/spool/cron/crontabs', '/etc/systemd/system'],
  },
])

/** The directory itself, or the next above it that is there: a control makes no directories in a real home. */
function nearest(home: string, below: string): string {
  const path = join(home, below)
  return path === home || isThere(path) ? path : nearest(home, join(below, '..'))
}

/** Each has a sandbox, and a fresh workspace, of its own: what one carries away another would look for. */
const SWAPS = group(
  { group: 'swaps', guarantee: 'protected-names', unless: unlessProtected('.git'), alone: {} },
  [
    {
      name: 'rename-away',
      tries: 'renames .git and puts a directory of its own in its place',
      order: (s) => ['swap', inWorkspace('.git')(s), 'config', plantText(s)],
      happened: planted(inWorkspace('.git/config')),
    },
    {
      name: 'exchange',
      tries: 'exchanges .git with a directory of its own in one step',
      order: (s) => ['exchange', inWorkspace('.git')(s), inWorkspace('plain')(s)],
      happened: (s) => isThere(join(s.workspace, '.git/of-plain')),
    },
    {
      name: 'unlink-and-make',
      tries: 'removes a protected file and makes it anew',
      order: (s) => ['unlink-swap', inWorkspace('.git/HEAD')(s), plantText(s)],
      happened: planted(inWorkspace('.git/HEAD')),
    },
    {
      name: 'unlink-protected',
      tries: 'removes a protected file',
      order: (s) => ['unlink', inWorkspace('.git/packed-refs')(s)],
      happened: (s) => !isThere(join(s.workspace, '.git/packed-refs')),
    },
    {
      name: 'rename-parent',
      tries: 'renames the directory that holds a protected one',
      unless: unlessProtected('.github/hooks'),
      order: (s) => ['swap', inWorkspace('.github')(s), 'made', plantText(s)],
      happened: planted(inWorkspace('.github/made')),
    },
    {
      name: 'rename-workspace',
      tries: 'renames the workspace itself',
      guarantee: 'namespaces',
      unless: () => undefined,
      order: (s) => ['rename', s.workspace, join(dirname(s.workspace), 'moved')],
      happened: (s) => isThere(join(s.root, 'moved')),
    },
    {
      name: 'replaced-from-outside',
      tries:
        'writes a protected file after a program of the host replaced it (an editor that saves, a checkout)',
      unless: (target) =>
        target.profile.filesystem.workspace === 'read-write'
          ? unlessProtected('.npmrc')(target)
          : `profile ${target.profile.name} gives no workspace to write in`,
      alwaysOpen:
        'a mount goes when the host renames another file over what it stands on; give the agent a worktree or an overlay of its own, which the host does not edit',
      order: (s) => ['wait-append', inWorkspace('go')(s), inWorkspace('.npmrc')(s), plantText(s)],
      happened: planted(inWorkspace('.npmrc')),
      alone: { then: 'rename-over' },
    },
  ],
)

const ENDINGS = group({ group: 'endings', stoppedBy: 'supervisor', atEveryLevel: true }, [
  {
    name: 'detached-child',
    tries: 'leaves a child in a session of its own that goes on when the run has ended',
    order: (s) => ['detach', s.mark, '60'],
    alone: { bySurvivors: true },
  },
  {
    name: 'killed-wrapper',
    tries: "goes on when the sandbox's builder is killed",
    atEveryLevel: false,
    order: (s) => ['attended', s.mark, '60'],
    alone: { then: 'kill-wrapper', bySurvivors: true },
  },
  {
    name: 'killed-init',
    tries: "goes on when the sandbox's first process is killed",
    atEveryLevel: false,
    order: (s) => ['attended', s.mark, '60'],
    alone: { then: 'kill-init', bySurvivors: true },
  },
  {
    name: 'stopped',
    tries: 'goes on when the run is stopped',
    order: (s) => ['attended', s.mark, '60'],
    alone: { then: 'stop', bySurvivors: true },
  },
])

const MOST_FORKS = 600
const FLOOD_MOST = 64 * MIB

const LIMITS = group({ group: 'limits', stoppedBy: 'limits' }, [
  {
    name: 'processes',
    tries: 'starts more processes than it may have',
    guarantee: 'process-limit',
    unless: ({ limits }) =>
      limits.processes > MOST_FORKS
        ? `${limits.processes} processes are too many to try on a machine in use`
        : undefined,
    order: (_s, { limits }) => ['forks', `${limits.processes + 32}`],
  },
  {
    name: 'memory',
    tries: 'uses more memory than it may have',
    guarantee: 'memory-limit',
    unless: ({ limits, freeMemoryBytes }) =>
      2 * (limits.memoryBytes + 64 * MIB) > freeMemoryBytes
        ? `${formatSize(limits.memoryBytes)} is too much to try with ${formatSize(freeMemoryBytes)} free`
        : undefined,
    order: (_s, { limits }) => ['memory', `${limits.memoryBytes + 64 * MIB}`],
    alone: {},
  },
  {
    name: 'file-size',
    tries: 'makes a file larger than it may be',
    guarantee: 'file-size-limit',
    order: (s, { limits }) => ['file-size', 'grow', temporary('big', s), `${limits.fileBytes + 4096}`],
  },
  {
    name: 'temporary-space',
    tries: 'fills the memory of the machine with temporary files',
    guarantee: 'private-temporary',
    stoppedBy: 'mounts',
    isRequired: false,
    order: (s, { profile }) => [
      ...['file-size', 'fill', temporary('full', s)],
      `${profile.filesystem.temporary_size + MIB}`,
    ],
  },
  {
    name: 'open-files',
    tries: 'opens more files than it may have open',
    guarantee: 'open-files-limit',
    isRequired: false,
    order: (_s, { limits }) => ['files', `${limits.openFiles + 8}`],
  },
  {
    name: 'core-dumps',
    tries: 'allows itself core dumps',
    guarantee: 'core-dump-limit',
    isRequired: false,
    order: () => ['core'],
  },
  {
    name: 'wall-clock',
    tries: 'goes on past its time, deaf to every polite signal',
    stoppedBy: 'supervisor',
    order: () => ['linger', '6000'],
    alone: { maxSeconds: 1 },
  },
  {
    name: 'output',
    tries: 'writes more than it may',
    stoppedBy: 'supervisor',
    unless: ({ limits, profile }) =>
      limits.outputBytes === undefined
        ? `profile ${profile.name} sets no limit on output`
        : limits.outputBytes > FLOOD_MOST
          ? `${formatSize(limits.outputBytes)} is too much to try`
          : undefined,
    order: (_s, { limits }) => ['flood', `${(limits.outputBytes ?? 0) + MIB}`],
    alone: {},
  },
  {
    name: 'inotify',
    tries: 'uses up file watches that are counted for the whole user',
    alwaysOpen:
      'the kernel counts inotify instances per user and no namespace of ours changes that; run the agent as a user of its own',
    order: () => ['inotify', '32'],
  },
])

export const LASTING_ATTEMPTS: readonly Attempt[] = [...PERSISTENCE, ...SWAPS, ...ENDINGS, ...LIMITS]
