import { SandboxError } from './errors.ts'

interface Known {
  readonly says: RegExp
  readonly what: string
  readonly fix: string
}

/** What bubblewrap says when a machine will not let it build, and what the administrator can do. */
const KNOWN: readonly Known[] = [
  {
    says: /setting up uid map: Permission denied|loopback: Failed RTM_NEWADDR: Operation not permitted|apparmor/i,
    what: 'AppArmor does not let bubblewrap use user namespaces here (Ubuntu 23.10 and later)',
    fix: 'give bwrap a profile that allows userns: see apparmor.d(5), or as a last resort: sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
  {
    says: /No permissions to create( a)? new namespace|Creating new namespace failed: (Operation not permitted|Permission denied)|unprivileged_userns_clone/i,
    what: 'this kernel does not let ordinary users make user namespaces',
    fix: 'as root: sysctl kernel.unprivileged_userns_clone=1 (Debian), or run Warder outside the container that forbids it',
  },
  {
    says: /Creating new namespace failed: No space left on device|\(ENOSPC\)|max_(user|\*)_namespaces/i,
    what: 'no more user namespaces are allowed',
    fix: 'as root: sysctl user.max_user_namespaces=15000',
  },
  {
    says: /Creating new namespace failed: (Invalid argument|Function not implemented)|kernel does not support user namespaces/i,
    what: 'this kernel was built without one of the namespaces a sandbox needs',
    fix: 'use a kernel with user, pid, mount, network, IPC and UTS namespaces',
  },
  {
    says: /pivot_root: Invalid argument/i,
    what: 'the root file system is an initial RAM disk, on which no sandbox can be built',
    fix: 'start from a real root file system',
  },
  {
    says: /Unknown option (--[a-z-]+)/i,
    what: 'this bubblewrap is too old',
    fix: 'install bubblewrap 0.8 or later',
  },
  {
    says: /race condition/i,
    what: 'a directory was exchanged while the sandbox was being built',
    fix: 'find out who changes the workspace, then start the run again',
  },
  {
    says: /seccomp/i,
    what: 'the kernel did not take the system call filter',
    fix: 'use a kernel with CONFIG_SECCOMP_FILTER',
  },
]

/** Turns what bubblewrap wrote before it gave up into an error a person can act on. */
export function builderError(text: string, cause?: unknown): SandboxError {
  const said = text
    .replaceAll(/^bwrap: /gm, '')
    .replaceAll(/[^\x20-\x7e\n]/g, '?')
    .trim()
    .slice(0, 400)
  const known = KNOWN.find(({ says }) => says.test(text))
  return known === undefined
    ? new SandboxError(
        'SANDBOX_FAILED',
        said === '' ? 'the sandbox could not be built' : `the sandbox could not be built: ${said}`,
        'run: warder doctor',
        { cause },
      )
    : new SandboxError('SANDBOX_UNAVAILABLE', `${known.what} (bubblewrap says: ${said})`, known.fix, {
        cause,
      })
}
