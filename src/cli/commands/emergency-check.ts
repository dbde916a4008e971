import { existsSync, readFileSync } from 'node:fs'
import { calls } from '../../client/calls.ts'
import {
  bootFiles,
  humanSessions,
  isRecoveryBoot,
  MARK,
  readLock,
  readWipe,
} from '../../contain/emergency/index.ts'
import { messageOf } from '../../core/error.ts'
import { showChecks, type Check } from '../checks.ts'
import { command, type Context } from '../command.ts'
import { installationWord } from './emergency-wipe.ts'

export const emergencyCheck = command({
  name: 'emergency check',
  about: 'whether the ways out and back in are ready, before they are needed',
  details: [
    'Looks at the lock, the last wipe, what a wipe asks for, and at SSH, serial console and recovery boot as far as this machine shows them. It changes nothing and needs no daemon. That a console really answers only a person can try. Exit 7 when something is broken; what is only not set up is a warning.',
  ],
  examples: [{ run: 'warder emergency check', does: 'one line for each' }],
  exits: ['unavailable'],
  async run(_input, context) {
    const checks = [
      lock(context),
      wipe(context),
      await passphrase(context),
      word(context),
      ssh(),
      recorder(),
      serial(),
      recovery(),
      people(),
    ]
    return showChecks(context, checks)
  },
})

function lock({ config }: Context): Check {
  const found = readLock(config.values['paths.state'])
  return found === undefined
    ? { check: 'lock', state: 'ok', why: 'no emergency lock is in force' }
    : {
        ...{ check: 'lock', state: 'warn', fix: 'warder emergency unlock' },
        why: `in force since ${found.since} by ${found.by}: ${found.reason}`,
      }
}

function wipe({ config }: Context): Check {
  const check = 'last wipe'
  try {
    const last = readWipe(config.values['paths.state'])
    if (last === undefined) return { check, state: 'ok', why: 'nothing was ever wiped here' }
    const why = `level ${last.level} of ${last.startedAt}: ${last.status}`
    return last.status === 'running' || last.status === 'incomplete'
      ? { check, state: 'fail', why, fix: 'warder emergency wipe --resume' }
      : { check, state: 'ok', why }
  } catch (error) {
    return { check, state: 'fail', why: messageOf(error), fix: 'look at the notes' }
  }
}

async function passphrase(context: Context): Promise<Check> {
  const check = 'passphrase'
  const fix = 'warder owner passphrase set'
  try {
    const api = calls(await context.client({ start: false }))
    const { passphrase: isSet } = await api.call('sessionList', {}, AbortSignal.timeout(2000))
    return isSet
      ? { check, state: 'ok', why: 'levels 2 and 3 ask for it' }
      : { check, state: 'warn', why: 'none is set, so levels 2 and 3 are refused', fix }
  } catch (error) {
    return { check, state: 'warn', why: `not known without the daemon: ${messageOf(error)}`, fix }
  }
}

function word(context: Context): Check {
  const check = 'words'
  try {
    return {
      ...{ check, state: 'ok' },
      why: `level 2 asks for ${installationWord(context, 2)}, level 3 for ${installationWord(context, 3)}`,
    }
  } catch (error) {
    return { check, state: 'warn', why: messageOf(error), fix: 'warder init' }
  }
}

const SSH_FILE = '/etc/ssh/sshd_config.d/60-warder-emergency.conf'

function ssh(): Check {
  const check = 'ssh'
  const fix = 'warder emergency config ssh'
  if (!['/usr/sbin/sshd', '/usr/bin/sshd'].some((path) => existsSync(path)))
    return { check, state: 'warn', why: 'sshd is not on this machine', fix: 'install openssh-server' }
  return isOurs(SSH_FILE)
    ? { check, state: 'ok', why: `${SSH_FILE} is there; that it is loaded only a new session shows` }
    : { check, state: 'warn', why: 'no emergency way in is set up', fix }
}

function recorder(): Check {
  const check = 'recorder'
  return existsSync('/usr/bin/script')
    ? { check, state: 'ok', why: 'sessions are kept with /usr/bin/script' }
    : { check, state: 'warn', why: 'without script there are no transcripts', fix: 'install util-linux' }
}

function serial(): Check {
  const check = 'serial console'
  const fix = 'warder emergency config serial'
  const consoles = [...textOf('/proc/cmdline').matchAll(/(?:^|\s)console=(ttyS\d+)/g)].map(
    ([, line]) => line ?? '',
  )
  if (consoles.length === 0) return { check, state: 'warn', why: 'the kernel was told of none', fix }
  const wants = '/etc/systemd/system/getty.target.wants'
  const line = consoles.find((each) => existsSync(`${wants}/serial-getty@${each}.service`))
  return line === undefined
    ? {
        ...{ check, state: 'warn', fix: `systemctl enable --now serial-getty@${consoles[0]}.service` },
        why: `the kernel speaks on ${consoles.join(', ')}, and no login is enabled there`,
      }
    : { check, state: 'ok', why: `kernel and login on ${line}` }
}

function recovery(): Check {
  const check = 'recovery boot'
  if (isRecoveryBoot(textOf('/proc/cmdline')))
    return {
      check,
      state: 'warn',
      why: 'this is one: every agent is stopped',
      fix: 'start the machine as usual',
    }
  const [file] = bootFiles()
  return file !== undefined && isOurs(file.path)
    ? { check, state: 'ok', why: `${file.path} is there` }
    : {
        check,
        state: 'warn',
        why: 'no entry of the boot menu is set up',
        fix: 'warder emergency config boot',
      }
}

function people(): Check {
  const here = humanSessions().map(
    ({ user, line, from }) => `${user} on ${line}${from === undefined ? '' : ` from ${from}`}`,
  )
  return { check: 'people', state: 'ok', why: here.length === 0 ? 'nobody is logged in' : here.join(', ') }
}

function isOurs(path: string): boolean {
  return textOf(path).split('\n').slice(0, 2).includes(MARK)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
