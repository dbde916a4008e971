/** Kernel settings that make a host harder to attack, each with its reason. What they are not: a change that lasts over a boot. */

export type SysctlGroup = 'network' | 'kernel'

export interface Sysctl {
  /** As sysctl(8) writes it; `*` stands for every network interface there is, and those to come. */
  readonly key: string
  readonly value: string
  readonly group: SysctlGroup
  readonly why: string
}

const REDIRECTS = 'nobody on the link may change where packets go'
const ROUTES = 'senders do not choose the way'
const LINKS = 'no link or pipe in a shared directory is followed for somebody else'

/**
 * Unprivileged user namespaces are left as they are: switching them off would take Warder's own sandboxes away.
 * Redirects, routes and router messages are set for each interface, because `all` alone does not bind those that are
 * there already.
 */
export const SYSCTLS: readonly Sysctl[] = [
  of('network', 'net.ipv4.conf.*.rp_filter', '1', 'packets must come from where an answer would go'),
  of('network', 'net.ipv4.conf.*.accept_redirects', '0', REDIRECTS),
  of('network', 'net.ipv6.conf.*.accept_redirects', '0', REDIRECTS),
  of('network', 'net.ipv4.conf.*.secure_redirects', '0', REDIRECTS),
  of('network', 'net.ipv4.conf.*.send_redirects', '0', 'only routers send them'),
  of('network', 'net.ipv4.conf.*.accept_source_route', '0', ROUTES),
  of('network', 'net.ipv6.conf.*.accept_source_route', '0', ROUTES),
  of('network', 'net.ipv4.conf.*.log_martians', '1', 'impossible addresses are seen'),
  of(
    'network',
    'net.ipv6.conf.*.accept_ra',
    '0',
    'nobody on the link makes itself the router; set the route yourself',
  ),
  of('network', 'net.ipv4.ip_forward', '0', 'this machine is no router'),
  of('network', 'net.ipv6.conf.all.forwarding', '0', 'this machine is no router'),
  of('network', 'net.ipv4.tcp_syncookies', '1', 'half-open connections do not fill the queue'),
  of('network', 'net.ipv4.icmp_echo_ignore_broadcasts', '1', 'this machine is no amplifier'),
  of('kernel', 'kernel.kptr_restrict', '2', 'addresses of the kernel stay unknown'),
  of('kernel', 'kernel.dmesg_restrict', '1', 'the kernel log is for root'),
  of('kernel', 'kernel.perf_event_paranoid', '3', 'counters of the processor are for root'),
  of('kernel', 'kernel.unprivileged_bpf_disabled', '1', 'only root loads programs into the kernel'),
  of('kernel', 'net.core.bpf_jit_harden', '2', 'programs in the kernel are made harder to abuse'),
  of('kernel', 'kernel.yama.ptrace_scope', '1', 'a program traces only its own children'),
  of('kernel', 'fs.protected_symlinks', '1', LINKS),
  of('kernel', 'fs.protected_hardlinks', '1', LINKS),
  of('kernel', 'fs.protected_fifos', '2', LINKS),
  of('kernel', 'fs.protected_regular', '2', LINKS),
  of('kernel', 'fs.suid_dumpable', '0', 'programs with raised rights leave no memory behind'),
  of('kernel', 'vm.mmap_min_addr', '65536', 'a null pointer of the kernel leads nowhere'),
  of('kernel', 'vm.swappiness', '0', 'secrets in memory go to the disk as late as possible'),
  of('kernel', 'kernel.core_pattern', '|/bin/false', 'no program leaves its memory in a file'),
]

/** A setting as it is and as it should be. */
export interface SysctlState extends Sysctl {
  /** Undefined: this kernel does not have it. */
  readonly found: string | undefined
  readonly isRight: boolean
}

/** Where settings are read and written; a folder in tests, `/proc/sys` otherwise. */
export interface SysctlTree {
  /** @returns undefined when the kernel does not have it */
  read(key: readonly string[]): string | undefined
  write(key: readonly string[], value: string): void
  list(key: readonly string[]): readonly string[]
}

/** Each setting that matters here, one for each interface. */
export function look(tree: SysctlTree, wanted: readonly Sysctl[] = SYSCTLS): SysctlState[] {
  return wanted.flatMap((sysctl) =>
    expanded(tree, sysctl).map((each) => {
      const found = tree.read(pathOf(each.key))
      return { ...each, found, isRight: found === undefined || isAtLeast(each, found) }
    }),
  )
}

/** Stricter than asked for is right as well; what has no order must be equal. */
function isAtLeast({ key, value }: Sysctl, found: string): boolean {
  const stricter = [
    'kernel.unprivileged_bpf_disabled',
    'kernel.yama.ptrace_scope',
    'kernel.perf_event_paranoid',
    'vm.mmap_min_addr',
    'fs.protected_fifos',
    'fs.protected_regular',
  ]
  if (stricter.includes(key) && /^\d+$/.test(found)) return Number(found) >= Number(value)
  return found === value
}

function expanded(tree: SysctlTree, sysctl: Sysctl): Sysctl[] {
  const [before, after] = sysctl.key.split('.*.')
  if (before === undefined || after === undefined) return [sysctl]
  // an interface may have a dot in its name, which sysctl(8) writes as a slash
  return tree
    .list(pathOf(before))
    .map((name) => ({ ...sysctl, key: `${before}.${name.replaceAll('.', '/')}.${after}` }))
}

export function pathOf(key: string): string[] {
  return key.split('.').map((part) => part.replaceAll('/', '.'))
}

function of(group: SysctlGroup, key: string, value: string, why: string): Sysctl {
  return { group, key, value, why }
}
