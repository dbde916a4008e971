import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  bootFiles,
  emergencyError,
  MARK,
  serialFiles,
  sshFiles,
  type AccessFile,
} from '../../contain/emergency/index.ts'
import { run } from '../../platform/command.ts'
import { writeFileAtomic } from '../../platform/files.ts'
import { command, type Context } from '../command.ts'
import { choiceArgument, flag, integerOption, manyOption, option } from '../param.ts'
import { refuseAgents } from './firewall-host.ts'

export const emergencyConfig = command({
  name: 'emergency config',
  about: 'make the configuration of a way back in: SSH, serial console, recovery boot',
  details: [
    'Prints the files, checked as far as this machine can: those for sshd with sshd -t, shell scripts with sh -n; what was not checked is said. --install writes them, as root, never over a file that is not of this making; it reloads nothing and starts nothing: the commands for that stand in the files.',
    'ssh: named users, from the management network alone, with keys alone, every session recorded by warder emergency session. Who else may log in stays as it is. serial: boot loader, kernel and a login on a serial line. boot: a rescue entry in which the daemon keeps every agent stopped, and a bare shell; both are open to whoever stands before the machine unless the boot loader has a password and the disk is encrypted.',
  ],
  examples: [
    { run: 'warder emergency config ssh --user ops --from 10.0.0.0/24', does: 'prints the files' },
    { run: 'sudo warder emergency config serial --install', does: 'writes them' },
  ],
  args: { what: choiceArgument('which way in', ['ssh', 'serial', 'boot']) },
  options: {
    user: manyOption('who may come in by SSH; more than once', { value: 'NAME' }),
    from: manyOption('the network they come from; more than once', { value: 'SUBNET' }),
    line: option('the serial line (default: ttyS0)', { value: 'LINE' }),
    speed: integerOption('its speed (default: 115200)', 9600, 115_200),
    install: flag('write the files'),
    root: option('write below this directory instead of /', { value: 'DIR', completes: 'file' }),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ what, user, from, line = 'ttyS0', speed = 115_200, install, root = '/' }, context) {
    const files =
      what === 'ssh'
        ? sshFiles({ subnets: from, users: user, recorder: recorderOf() })
        : what === 'serial'
          ? serialFiles(line, speed)
          : bootFiles()
    const checked = await Promise.all(files.map(async (file) => ({ ...file, checked: await lint(file) })))
    if (install) {
      refuseAgents(context)
      for (const file of checked) put(file, root)
    }
    report(context, checked, install)
  },
})

/** The program as sshd will start it. */
function recorderOf(): string {
  const here = dirname(process.argv[1] ?? '')
  const beside = [join(here, '..', 'bin', 'warder'), join(here, '..', '..', 'bin', 'warder')]
  return ['/usr/bin/warder', '/usr/local/bin/warder', ...beside].find((path) => existsSync(path)) ?? 'warder'
}

const SSHD = ['/usr/sbin/sshd', '/usr/bin/sshd']

/** @returns what checked it @throws EmergencyError `EMERGENCY_CONFIG` when it is not well formed */
async function lint(file: AccessFile): Promise<string> {
  if (file.lint === 'none') return 'not checked here'
  const sshd = SSHD.find((path) => existsSync(path))
  if (file.lint === 'sshd' && sshd === undefined) return 'NOT checked: sshd is not on this machine'
  const directory = mkdtempSync(join(tmpdir(), 'warder-lint-'))
  try {
    const path = join(directory, 'file')
    writeFileSync(path, file.text, { mode: 0o600 })
    if (file.lint === 'sh') return await passes('/bin/sh', ['-n', path], 'sh -n', file)
    // sshd wants a host key even to read its configuration; this one is thrown away
    const key = join(directory, 'key')
    await run('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    return await passes(sshd!, ['-t', '-f', path, '-h', key], 'sshd -t', file)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function passes(program: string, args: string[], name: string, { path }: AccessFile): Promise<string> {
  const { code, stderr } = await run(program, args, { timeoutMs: 10_000 })
  if (code === 0) return `checked with ${name}`
  throw emergencyError(
    'EMERGENCY_CONFIG',
    `${name} refuses what would be ${path}: ${stderr.toString().trim().slice(0, 500)}`,
    'report this; nothing was written',
  )
}

function put({ path, mode, text }: AccessFile, root: string): void {
  const place = join(root, path)
  const before = existsSync(place) ? readFileSync(place, 'utf8') : undefined
  if (before !== undefined && !before.split('\n').slice(0, 2).includes(MARK))
    throw emergencyError(
      'EMERGENCY_CONFIG',
      `${place} is there and is not of this making`,
      'move it away first, or put what is wanted into it by hand',
    )
  mkdirSync(dirname(place), { recursive: true, mode: 0o755 })
  writeFileAtomic(place, text, mode)
  chmodSync(place, mode)
}

function report(
  { out }: Context,
  files: readonly (AccessFile & { checked: string })[],
  install: boolean,
): void {
  const lines = files.map(({ path, about, text, checked }) =>
    install ? `written: ${path} (${checked}): ${about}` : `# ${path}: ${about} (${checked})\n${text}`,
  )
  const value = files.map(({ path, mode, text, about, checked }) => ({ path, mode, text, about, checked }))
  out.result({ files: value, installed: install }, lines.join('\n'))
}
