import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builderError } from './failure.ts'

// As bubblewrap writes them, with the error text of the C library where it adds one.
const MESSAGES = [
  {
    name: 'AppArmor: the uid map',
    said: 'bwrap: setting up uid map: Permission denied',
    what: /AppArmor/,
    fix: /apparmor/,
  },
  {
    name: 'AppArmor: the loopback interface',
    said: 'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted',
    what: /AppArmor/,
    fix: /apparmor/,
  },
  {
    name: 'user namespaces switched off, as upstream says it',
    said: "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.",
    what: /ordinary users/,
    fix: /unprivileged_userns_clone=1/,
  },
  {
    name: 'user namespaces switched off, as older versions say it',
    said: "bwrap: No permissions to creating new namespace, likely because the kernel does not allow non-privileged user namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.",
    what: /ordinary users/,
    fix: /unprivileged_userns_clone=1/,
  },
  {
    name: 'user namespaces switched off, as Debian says it',
    said: 'bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces. See <https://deb.li/bubblewrap> or <file:///usr/share/doc/bubblewrap/README.Debian.gz>.',
    what: /ordinary users/,
    fix: /unprivileged_userns_clone=1/,
  },
  {
    name: 'user namespaces forbidden by a container',
    said: 'bwrap: Creating new namespace failed: Operation not permitted',
    what: /ordinary users/,
    fix: /outside the container/,
  },
  {
    name: 'too many namespaces, in its own words',
    said: 'bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)',
    what: /no more user namespaces/,
    fix: /max_user_namespaces=/,
  },
  {
    name: "too many namespaces, in the C library's words",
    said: 'bwrap: Creating new namespace failed: No space left on device',
    what: /no more user namespaces/,
    fix: /max_user_namespaces=/,
  },
  {
    name: 'a kernel without user namespaces',
    said: 'bwrap: Creating new namespace failed, likely because the kernel does not support user namespaces.  bwrap must be installed setuid on such systems.',
    what: /built without/,
    fix: /use a kernel/,
  },
  {
    name: 'a kernel without another namespace',
    said: 'bwrap: Creating new namespace failed: Invalid argument',
    what: /built without/,
    fix: /use a kernel/,
  },
  {
    name: 'an initial RAM disk',
    said: 'bwrap: pivot_root: Invalid argument',
    what: /RAM disk/,
    fix: /real root/,
  },
  {
    name: 'an old bubblewrap',
    said: 'bwrap: Unknown option --disable-userns',
    what: /too old/,
    fix: /0\.8 or later/,
  },
  {
    name: 'a directory exchanged meanwhile',
    said: 'bwrap: Race condition binding dirfd',
    what: /exchanged/,
    fix: /who changes/,
  },
  {
    name: 'a kernel without system call filters',
    said: 'bwrap: Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported EINVAL. (Hint: this requires a kernel configured with CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER.)',
    what: /system call filter/,
    fix: /CONFIG_SECCOMP_FILTER/,
  },
]

for (const { name, said, what, fix } of MESSAGES) {
  test(`bubblewrap's words are turned into what to do: ${name}`, () => {
    const error = builderError(`${said}\n`)
    assert.equal(error.code, 'SANDBOX_UNAVAILABLE')
    assert.equal(error.kind, 'unavailable')
    assert.match(error.message, what)
    assert.match(error.fix, fix)
    assert.ok(error.message.includes(said.replace('bwrap: ', '').slice(0, 40)), 'its own words are kept')
    assert.doesNotMatch(error.message, /bwrap: /)
  })
}

test('words nobody foresaw are passed on, and the doctor is named', () => {
  const cause = new Error('exit 1')
  const error = builderError("bwrap: Can't mkdir /x: Read-only file system\n", cause)
  assert.equal(error.code, 'SANDBOX_FAILED')
  assert.equal(error.message, "the sandbox could not be built: Can't mkdir /x: Read-only file system")
  assert.equal(error.fix, 'run: warder doctor')
  assert.equal(error.cause, cause)
})

test('silence is a failure too', () => {
  for (const text of ['', '\n', '  \n', 'bwrap: \n']) {
    const error = builderError(text)
    assert.equal(error.code, 'SANDBOX_FAILED')
    assert.equal(error.message, 'the sandbox could not be built')
  }
})

test('what comes from a file name cannot write to the terminal, nor fill it', () => {
  for (const prefix of ['', 'bwrap: pivot_root: Invalid argument ']) {
    const { message } = builderError(`${prefix}\u001b[2J\u0007\u009b31m\u202e${'x'.repeat(5000)}`)
    assert.match(message, /^[\x20-\x7e\n]*$/)
    assert.ok(message.length < 600)
  }
})
