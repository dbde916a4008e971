/**
 * Whether the machine's memory is encrypted, as far as files tell. What a processor could do and what is switched on are
 * two things: a flag in /proc/cpuinfo is never taken for protection. And it is only a report: the host can forge each of
 * these signs in a guest, so who must rely on it asks for an attestation.
 */
import { existsSync, readFileSync } from 'node:fs'

export type TeeType = 'amd-sev' | 'amd-sev-es' | 'amd-sev-snp' | 'intel-tdx' | 'arm-cca' | 'none'

/** `unknown` where the kernel shows no sign either way. */
export type Answer = 'yes' | 'no' | 'unknown'

export interface TeeReport {
  /** The trusted execution environment this machine runs in, as a guest; `none` when there is no sign of one. */
  readonly tee: { readonly type: TeeType; readonly active: Answer; readonly detail: string }
  /** What this machine could give to guests of its own; `on` when its kernel would. */
  readonly host: readonly { readonly type: TeeType; readonly on: Answer }[]
  /** Encryption of all memory against who takes the modules out (SME, TME, MKTME). */
  readonly memory: { readonly capable: readonly string[]; readonly active: Answer; readonly detail: string }
}

/** Where signs are looked for; files of a test stand in for the machine. */
export interface Signs {
  /** @returns undefined when it is not there or cannot be read */
  readonly read: (path: string) => string | undefined
  readonly isThere: (path: string) => boolean
}

export const machineSigns: Signs = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
  },
  isThere: (path) => existsSync(path),
}

export function teeReport(signs: Signs = machineSigns): TeeReport {
  const flags = cpuFlags(signs)
  return { tee: guest(signs, flags), host: hosting(signs, flags), memory: wholeMemory(signs, flags) }
}

function cpuFlags({ read }: Signs): ReadonlySet<string> {
  const [, line = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(read('/proc/cpuinfo') ?? '') ?? []
  return new Set(line.trim().split(/\s+/))
}

/** Devices a kernel makes only when it runs inside one. */
const GUEST_SIGNS: readonly (readonly [TeeType, readonly string[]])[] = [
  ['amd-sev-snp', ['/dev/sev-guest', '/sys/devices/system/cpu/sev/vmpl']],
  ['intel-tdx', ['/dev/tdx_guest', '/dev/tdx-guest']],
  ['arm-cca', ['/sys/devices/platform/arm-cca-dev']],
]

function guest({ isThere }: Signs, flags: ReadonlySet<string>): TeeReport['tee'] {
  for (const [type, paths] of GUEST_SIGNS) {
    const path = paths.find(isThere)
    if (path !== undefined)
      return { type, active: 'yes', detail: `${path} is there; only an attestation proves it` }
  }
  // set by the kernel when it has found itself in a trust domain, not copied from the processor
  if (flags.has('tdx_guest'))
    return {
      type: 'intel-tdx',
      active: 'yes',
      detail: 'the kernel says tdx_guest; only an attestation proves it',
    }
  const [type] = flags.has('hypervisor') ? sevFlags(flags) : []
  // without SNP nothing in a guest tells whether SEV is on
  if (type !== undefined)
    return {
      type,
      active: 'unknown',
      detail: `the processor can (${type}); the kernel does not show whether it does`,
    }
  return { type: 'none', active: 'no', detail: 'no sign of a trusted execution environment' }
}

function sevFlags(flags: ReadonlySet<string>): TeeType[] {
  const known = [
    ['sev_snp', 'amd-sev-snp'],
    ['sev_es', 'amd-sev-es'],
    ['sev', 'amd-sev'],
  ] as const
  return known.filter(([flag]) => flags.has(flag)).map(([, type]) => type)
}

const KVM_SWITCHES: Readonly<Partial<Record<TeeType, string>>> = {
  'amd-sev': '/sys/module/kvm_amd/parameters/sev',
  'amd-sev-es': '/sys/module/kvm_amd/parameters/sev_es',
  'amd-sev-snp': '/sys/module/kvm_amd/parameters/sev_snp',
  'intel-tdx': '/sys/module/kvm_intel/parameters/tdx',
}

function hosting({ read }: Signs, flags: ReadonlySet<string>): TeeReport['host'] {
  if (flags.has('hypervisor')) return []
  const types: TeeType[] = [
    ...sevFlags(flags),
    ...(flags.has('tdx_host_platform') ? (['intel-tdx'] as const) : []),
  ]
  return types.map((type) => ({ type, on: switched(read(KVM_SWITCHES[type] ?? '')) }))
}

function switched(value: string | undefined): Answer {
  if (value === undefined) return 'unknown' // kvm is not loaded
  return /^[Y1]\s*$/.test(value) ? 'yes' : 'no'
}

function wholeMemory({ read }: Signs, flags: ReadonlySet<string>): TeeReport['memory'] {
  const capable = ['sme', 'tme', 'mktme'].filter((flag) => flags.has(flag))
  if (capable.length === 0)
    return {
      capable,
      active: 'unknown',
      detail: 'the processor shows no such feature; firmware may hide one',
    }
  const wanted = /(?:^|\s)mem_encrypt=(on|off)(?:\s|$)/.exec(read('/proc/cmdline') ?? '')?.[1]
  const asked = wanted === undefined ? '' : `; the kernel was started with mem_encrypt=${wanted}`
  // asked for is not in force: firmware must have it switched on as well, and only registers tell
  return {
    capable,
    active: capable.includes('sme') && wanted === 'off' ? 'no' : 'unknown',
    detail: `the processor can (${capable.join(', ')})${asked}`,
  }
}
