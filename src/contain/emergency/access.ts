import { emergencyError } from './errors.ts'

/** A file of somebody else's program, as it should be; nothing is written unless it is asked for. */
export interface AccessFile {
  readonly path: string
  readonly mode: number
  readonly text: string
  readonly about: string
  /** What reads it, and can say whether it is well formed. */
  readonly lint: 'sshd' | 'sh' | 'none'
}

/** Stands in the first lines of each, so that no file of somebody else's is ever replaced. */
export const MARK = '# made by warder emergency config'

export interface SshAccess {
  /** Where people may come from, such as 10.0.0.0/24. */
  readonly subnets: readonly string[]
  readonly users: readonly string[]
  /** What records the session: the program, whole path. */
  readonly recorder: string
}

/**
 * A way in by SSH for named people, from the management network, with keys alone, and recorded. Everybody else's access
 * stays as it is: each rule stands behind a Match.
 *
 * @throws EmergencyError `EMERGENCY_CONFIG`
 */
export function sshFiles({ subnets, users, recorder }: SshAccess): AccessFile[] {
  if (subnets.length === 0)
    throw invalid('no subnet is named', 'add --from 10.0.0.0/24, the management network')
  if (users.length === 0) throw invalid('no user is named', 'add --user NAME')
  const wide = subnets.find((each) => !isSubnet(each))
  if (wide !== undefined)
    throw invalid(`${wide} is no subnet, or as good as everybody`, 'write it as 10.0.0.0/24 or fd00:1::/64')
  const strange = users.find((each) => !/^[a-z_][a-z0-9_-]{0,31}$/.test(each))
  if (strange !== undefined) throw invalid(`${strange} is no name of a user`, 'name users of this machine')
  if (!/^\/[\w./@+-]+$/.test(recorder))
    throw invalid(`${recorder} cannot stand in a ForceCommand`, 'install warder at a path without spaces')
  const who = users.join(',')
  const from = subnets.join(',')
  const others = subnets.map((each) => `!${each}`).join(',')
  return [
    {
      ...{ path: '/etc/ssh/sshd_config.d/60-warder-emergency.conf', mode: 0o600, lint: 'sshd' },
      about: 'keys alone, from the management network alone, every session recorded',
      text: [
        MARK,
        '# check it: sshd -t; then: systemctl reload ssh. Keep the session you are in until a new one works.',
        '# in authorized_keys, before the key: restrict,pty',
        `Match User ${who} Address ${from}`,
        ...ONLY_KEYS,
        '    PubkeyAuthentication yes',
        '    PermitRootLogin prohibit-password',
        `    ForceCommand ${recorder} emergency session`,
        `Match User ${who} Address *,${others}`,
        ...ONLY_KEYS,
        '    PubkeyAuthentication no',
        '    PermitRootLogin no',
        '    DenyUsers *',
        'Match all',
        '',
      ].join('\n'),
    },
    {
      ...{ path: '/etc/audit/rules.d/60-warder-emergency.rules', mode: 0o600, lint: 'none' },
      about: 'every program that somebody who logged in starts, with subshells and scripts (needs auditd)',
      text: [
        MARK,
        '# load it: augenrules --load. Arguments may hold secrets: keep the log for root.',
        '-a always,exit -F arch=b64 -S execve,execveat -F auid!=unset -k warder-emergency',
        '-a always,exit -F arch=b32 -S execve,execveat -F auid!=unset -k warder-emergency',
        '',
      ].join('\n'),
    },
  ]
}

const ONLY_KEYS = [
  '    AuthenticationMethods publickey',
  '    PasswordAuthentication no',
  '    KbdInteractiveAuthentication no',
  '    AllowTcpForwarding no',
  '    AllowAgentForwarding no',
  '    X11Forwarding no',
  '    PermitTunnel no',
]

/** A subnet that is one: not everybody, and no host bits that somebody took for a typing error. */
function isSubnet(text: string): boolean {
  const [, address = '', bits = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? []
  const length = Number(bits)
  if (address.includes(':')) return URL.canParse(`http://[${address}]/`) && length >= 16 && length <= 128
  const parts = address.split('.')
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
  return isAddress && length >= 8 && length <= 32
}

/** A console over a serial line, which works while no network does. */
export function serialFiles(line: string, speed: number): AccessFile[] {
  const [, unit] = /^ttyS(\d{1,2})$/.exec(line) ?? []
  if (unit === undefined) throw invalid(`${line} is no serial line`, 'name one such as ttyS0')
  if (![9600, 19_200, 38_400, 57_600, 115_200].includes(speed))
    throw invalid(`${speed} is no speed of a serial line`, 'use 115200')
  return [
    {
      ...{ path: '/etc/default/grub.d/60-warder-serial.cfg', mode: 0o644, lint: 'sh' },
      about: 'boot loader and kernel speak on the serial line as well as on the screen',
      text: [
        MARK,
        `# then: update-grub && systemctl enable --now serial-getty@${line}.service`,
        `GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX console=tty0 console=${line},${speed}n8"`,
        'GRUB_TERMINAL="console serial"',
        `GRUB_SERIAL_COMMAND="serial --speed=${speed} --unit=${unit} --word=8 --parity=no --stop=1"`,
        '',
      ].join('\n'),
    },
  ]
}

/** What the kernel is told so that the daemon keeps every agent stopped. */
export const RECOVERY_FLAG = 'warder.recovery=1'

/** Whether the machine was booted for recovery. The last word counts, as it does for the kernel. */
export function isRecoveryBoot(commandLine: string): boolean {
  const words = commandLine.split(/\s+/).filter((word) => word.startsWith('warder.recovery='))
  return words.at(-1) === RECOVERY_FLAG
}

/** Entries of the boot menu for the day nothing else works: no agent runs in the first, nothing at all in the second. */
export function bootFiles(): AccessFile[] {
  const entry = (title: string, id: string, words: string) => [
    `menuentry '${title}' --class recovery --id ${id} {`,
    '    search --no-floppy --fs-uuid --set=root $boot_uuid',
    `    linux $kernel root=UUID=$root_uuid ro ${words}`,
    '    initrd $initrd',
    '}',
  ]
  return [
    {
      ...{ path: '/etc/grub.d/42_warder_recovery', mode: 0o755, lint: 'sh' },
      about: 'two entries of the boot menu: rescue without agents, and a bare shell',
      text: [
        '#!/bin/sh',
        MARK,
        '# then: update-grub. Whoever stands before the machine can choose these: they are safe only with a password of',
        '# the boot loader (set superusers) and an encrypted disk.',
        'set -e',
        'root_uuid=$(grub-probe --target=fs_uuid /)',
        'boot_uuid=$(grub-probe --target=fs_uuid /boot)',
        'prefix=$(grub-mkrelpath /boot)',
        'version=$(uname -r)',
        'kernel=$prefix/vmlinuz-$version',
        'initrd=$prefix/initrd.img-$version',
        'cat <<END',
        ...entry(
          'Warder: recovery, no agent runs',
          'warder-recovery',
          `${RECOVERY_FLAG} systemd.unit=rescue.target`,
        ),
        ...entry('Warder: bare shell, last resort', 'warder-shell', `${RECOVERY_FLAG} init=/bin/sh`),
        'END',
        '',
      ].join('\n'),
    },
  ]
}

function invalid(what: string, fix: string) {
  return emergencyError('EMERGENCY_CONFIG', what, fix)
}
