import type { Control } from '../control.ts'

export const ENFORCE_CONTROLS: readonly Control[] = [
  {
    id: 'sandbox-namespaces',
    title: 'A guarded program sees a machine of its own',
    layer: 'enforce',
    promise:
      'It has its own users, processes, mounts, network, host name and IPC; of your files it sees what its profile shows.',
    limits: 'It shares the kernel with the host: a hole in the kernel is a hole in this wall.',
    module: 'src/enforce/sandbox/bubblewrap.ts',
    tests: ['test/attacks/box-files.test.ts', 'test/attacks/box-namespaces.test.ts'],
    facility: 'namespaces',
  },
  {
    id: 'sandbox-seccomp',
    title: 'Dangerous system calls are closed',
    layer: 'enforce',
    promise:
      'Calls that load code into the kernel, watch other processes, re-enter namespaces or type into terminals are refused.',
    limits: 'It filters calls, not what an allowed call does; arguments behind pointers are not seen.',
    module: 'src/enforce/sandbox/seccomp.ts',
    tests: ['test/attacks/box-syscalls.test.ts'],
    facility: 'seccomp',
  },
  {
    id: 'sandbox-protected-places',
    title: 'Git hooks and agent settings cannot be planted',
    layer: 'enforce',
    promise:
      'In a writable workspace the files that other programs obey (git hooks, editor tasks, agent settings) are read-only or absent.',
    limits:
      'It knows a list of names; a build file of the project that you run yourself afterwards is not on it.',
    module: 'src/enforce/sandbox/tree.ts',
    tests: ['test/attacks/box-protected.test.ts'],
    facility: 'namespaces',
  },
  {
    id: 'sandbox-environment',
    title: 'Secrets in the environment do not go along',
    layer: 'enforce',
    promise:
      'A guarded program is given the variables its profile names; those that look like secrets are dropped even then.',
    limits: 'A secret under an innocent name that the profile passes goes along.',
    module: 'src/enforce/sandbox/environment.ts',
    tests: ['test/attacks/box-files.test.ts#a secret in the environment'],
  },
  {
    id: 'limit-processes',
    title: 'A fork bomb ends at the limit',
    layer: 'enforce',
    promise: 'A guarded program cannot have more processes than its profile says.',
    limits: 'Processes of other programs of the same user are not counted or protected by it.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'process-limit',
  },
  {
    id: 'limit-memory',
    title: 'Memory ends at the limit',
    layer: 'enforce',
    promise:
      'A guarded program that takes more memory than its profile says is stopped, and the host keeps running.',
    limits:
      'Where no cgroup can be used the limit holds per process, not for all of them together, and Warder says so.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'memory-limit',
  },
  {
    id: 'limit-cpu',
    title: 'CPU time is shared',
    layer: 'enforce',
    promise: 'Where the host offers a CPU controller, a guarded program gets the share its profile says.',
    limits: 'Without a cgroup it is not in force, and Warder says so.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'cpu-limit',
  },
  {
    id: 'limit-files-output-time',
    title: 'Open files, output and time end at the limit',
    layer: 'enforce',
    promise:
      'Too many open files are refused; a flood of output or a run past its time ends the program and everything it started.',
    limits: 'The space used in a writable workspace is not limited.',
    module: 'src/enforce/sandbox/limits.ts',
    tests: ['test/attacks/box-bombs.test.ts'],
    facility: 'open-files-limit',
  },
  {
    id: 'no-network',
    title: 'No network',
    layer: 'enforce',
    promise:
      'A guarded program reaches no address: not the internet, not the host, not a metadata service, not another sandbox.',
    limits:
      'There is no partial network yet: a profile that asks for some domains is refused rather than opened.',
    module: 'src/enforce/sandbox/bubblewrap.ts',
    tests: ['test/attacks/box-network.test.ts'],
    facility: 'no-network',
  },
]
